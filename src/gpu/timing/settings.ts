import { type Static, type TSchema, Type } from 'typebox'
import { runtimeSettingProperties } from '../runtimes/settings.ts'

const hour = 3_600_000

export const scenarios = ['singleStream', 'offline'] as const

/**
 * What steers one timing, and what is asked of the runtime; each is recorded with the run. The only place where defaults and bounds stand: the
 * API's validation and documentation are made from this schema.
 */
export const TimingSettings = Type.Object(
  {
    scenario: Type.Enum([...scenarios], {
      default: 'singleStream',
      description:
        'Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated.',
    }),
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
        'Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go.',
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
    stabilityWindows: Type.Integer({
      minimum: 2,
      maximum: 20,
      default: 3,
      description: 'Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three.',
    }),
    stabilityTolerance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.05,
      description:
        'How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %.',
    }),
    driftTolerance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description:
        'A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last.',
    }),
    repeatTolerance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.03,
      description:
        'How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that.',
    }),
    seed: Type.Integer({
      minimum: 0,
      maximum: 2 ** 32 - 1,
      default: 0,
      description: 'Seed of weights, inputs and of the bootstrap: the same seed repeats the run.',
    }),
    ...runtimeSettingProperties,
  },
  { additionalProperties: false },
)
export type TimingSettings = Static<typeof TimingSettings>

export const defaultSettings: Readonly<TimingSettings> = Object.freeze(
  Object.fromEntries(Object.entries(TimingSettings.properties).map(([name, schema]) => [name, (schema as { default?: unknown }).default])),
) as unknown as Readonly<TimingSettings>

/**
 * Defaults for each block of a comparison, where they differ from a run's: blocks are many and short, so that both sides
 * often see the same conditions, and the interval comes from their number.
 */
export const blockSettings: Readonly<TimingSettings> = Object.freeze({
  ...defaultSettings,
  warmupMs: 300,
  minDurationMs: 700,
  maxDurationMs: 10_000,
  minSamples: 5,
})

/**
 * The settings that a user may give: any subset. Without `default`, since a block of a comparison has other defaults and
 * GraphQL would fill them in too early; the descriptions state both.
 */
export const PartialTimingSettings = Type.Partial(
  Type.Object(
    Object.fromEntries(
      Object.entries(TimingSettings.properties).map(([name, schema]) => [name, withoutDefault(name, schema)]),
    ) as unknown as typeof TimingSettings.properties,
    { additionalProperties: false },
  ),
)

function withoutDefault(name: string, schema: TSchema): TSchema {
  const { default: own, description, ...rest } = schema as TSchema & { default: number; description: string }
  const ofBlock = blockSettings[name as keyof TimingSettings]
  return { ...rest, description: `${description} Default ${own}${ofBlock === own ? '' : `; ${ofBlock} in a comparison`}.` } as TSchema
}

/** An offline sample lasts at least this long, ms: long beside what reading the clock and resuming a call take. */
export const offlineBlockMs = 25

/** Most samples one run keeps, 8 MB of them: a network so fast that it would pass them has stated every percentile long before. */
export const maxSamples = 1_000_000

/** The settings in full. */
export const resolveSettings = (given: Partial<TimingSettings> = {}, defaults = defaultSettings): TimingSettings => ({
  ...defaults,
  ...given,
})

/** Rules that the schema cannot express: settings that contradict each other. Paths are JSON pointers inside the settings. */
export function settingsViolations(settings: TimingSettings): { path: string; message: string }[] {
  if (settings.minDurationMs <= settings.maxDurationMs) return []
  return [
    {
      path: '/maxDurationMs',
      message: `maxDurationMs is ${settings.maxDurationMs}, but minDurationMs is ${settings.minDurationMs}: the cap must be at least the minimum`,
    },
  ]
}
