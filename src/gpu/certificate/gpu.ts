import type { GpuSample, GpuWatch } from '../contract.ts'
import type { Reason } from './evidence.ts'

/**
 * Why clocks are held down: the bits of `clocks_event_reasons.active` (nvml.h, nvmlClocksEventReasons). Not here, since
 * they are no disturbance: 0x1, idle, and 0x2, clocks that a user has set, as is good practice for measuring.
 */
const throttleReasons: readonly [bit: number, code: string, message: string, remedy: string][] = [
  [
    0x4,
    'GPU_POWER_CAP',
    'the power limit held its clocks down',
    'Raise the limit (nvidia-smi -pl), or lock clocks that it can hold (nvidia-smi -lgc).',
  ],
  [0x8, 'GPU_HW_SLOWDOWN', 'its hardware halved its clocks or more, for heat or power', 'Check its cooling and its power supply.'],
  [0x10, 'GPU_SYNC_BOOST', 'its clocks followed the slowest GPU of its sync boost group', 'Take it out of the group.'],
  [0x20, 'GPU_SW_THERMAL', 'the driver held its clocks down for heat', 'Check its cooling, or lock lower clocks (nvidia-smi -lgc).'],
  [0x40, 'GPU_HW_THERMAL', 'its hardware held its clocks down for heat', 'Check its cooling, or lock lower clocks (nvidia-smi -lgc).'],
  [0x80, 'GPU_POWER_BRAKE', 'an external power brake held its clocks down', 'Check the host’s power supply.'],
  [0x100, 'GPU_DISPLAY_CLOCKS', 'the setting of a display held its clocks down', 'Measure on a GPU without a display.'],
]
/** Warmer by more than this from the first to the last sample: leakage and clocks have not settled. */
const warmingC = 10

const onGpu =
  (find: (watch: GpuWatch) => string | null): Reason['find'] =>
  ({ gpu }) =>
    gpu === null ? null : find(gpu)

const known = (samples: readonly GpuSample[], field: Exclude<keyof GpuSample, 'at'>): number[] =>
  samples.map((sample) => sample[field]).filter((value) => value !== null)

/** The reasons of GPUs alone. @param drift says whether clocks wandered. */
export const findGpuReasons = (drift: (what: string, mhz: readonly number[]) => string | null): readonly Reason[] => [
  {
    code: 'GPU_UNWATCHED',
    verdict: 'suspect',
    remedy: 'Make sure that the service’s user may call nvidia-smi.',
    find: onGpu(({ problem }) => (problem === null ? null : `The GPU could not be watched during the timing: ${problem}.`)),
  },
  {
    code: 'GPU_SHARED',
    verdict: 'suspect',
    remedy: 'End them, or measure on another GPU.',
    find: onGpu(({ others }) =>
      others.length === 0
        ? null
        : `Other processes held the GPU: ${others.map(({ pid, name }) => `${name || 'unnamed'} (${pid})`).join(', ')}.`,
    ),
  },
  ...throttleReasons.map(
    ([bit, code, message, remedy]): Reason => ({
      code,
      verdict: 'suspect',
      remedy,
      find: onGpu(({ samples }) => {
        const told = known(samples, 'throttle')
        const held = told.filter((mask) => (mask & bit) !== 0).length
        return held === 0 ? null : `In ${held} of ${told.length} readings of the GPU ${message}.`
      }),
    }),
  ),
  {
    code: 'GPU_CLOCK_DRIFT',
    verdict: 'suspect',
    remedy: 'Lock the clocks (nvidia-smi -lgc), or raise warmupMs.',
    find: onGpu(({ samples }) => drift('The GPU ran', known(samples, 'smMHz'))),
  },
  {
    code: 'GPU_WARMING',
    verdict: 'suspect',
    remedy: 'Raise warmupMs.',
    find: onGpu(({ samples }) => {
      const celsius = known(samples, 'temperatureC')
      const [first, last] = [celsius[0], celsius.at(-1)]
      if (first === undefined || last === undefined || last - first <= warmingC) return null
      return `The GPU warmed from ${first} to ${last} °C during the timing; at most ${warmingC} °C is allowed.`
    }),
  },
]
