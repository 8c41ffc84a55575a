import { type Static, Type } from 'typebox'

const hour = 3_600_000

/**
 * Numbers that steer one timing; each is recorded with the run. The only place where defaults and bounds stand: the
 * API's validation and documentation are made from this schema.
 */
export const TimingSettings = Type.Object(
  {
    threads: Type.Integer({
      minimum: 0,
      maximum: 1024,
      default: 0,
      description:
        'Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired.',
    }),
    warmupMs: Type.Number({
      minimum: 0,
      maximum: hour,
      default: 1000,
      description:
        'Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena.',
    }),
    minDurationMs: Type.Number({
      minimum: 0,
      maximum: hour,
      default: 2000,
      description:
        'Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbours that come and go.',
    }),
    maxDurationMs: Type.Number({
      minimum: 1,
      maximum: hour,
      default: 60_000,
      description: 'The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect.',
    }),
    minSamples: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 64,
      description: 'Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th).',
    }),
    seed: Type.Integer({
      minimum: 0,
      maximum: 2 ** 32 - 1,
      default: 0,
      description: 'Seed of weights, inputs and of the bootstrap: the same seed repeats the run.',
    }),
  },
  { additionalProperties: false },
)
export type TimingSettings = Static<typeof TimingSettings>

/** What a user may write: any subset. */
export const PartialTimingSettings = Type.Partial(TimingSettings)

export const defaultSettings: Readonly<TimingSettings> = Object.freeze(
  Object.fromEntries(Object.entries(TimingSettings.properties).map(([name, schema]) => [name, (schema as { default?: number }).default])),
) as Readonly<TimingSettings>

/** Most samples one run keeps, 8 MB of them: a network so fast that it would pass them has stated every percentile long before. */
export const maxSamples = 1_000_000

/** The settings in full. */
export const resolveSettings = (given: Partial<TimingSettings> = {}): TimingSettings => ({ ...defaultSettings, ...given })

/** What the schema cannot say: settings that contradict each other. Paths are JSON pointers inside the settings. */
export function settingsProblems(settings: TimingSettings): { path: string; message: string }[] {
  if (settings.minDurationMs <= settings.maxDurationMs) return []
  return [
    {
      path: '/maxDurationMs',
      message: `maxDurationMs is ${settings.maxDurationMs}, but minDurationMs is ${settings.minDurationMs}: the cap must be at least the minimum`,
    },
  ]
}
