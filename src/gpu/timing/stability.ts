import { median } from './percentiles.ts'
import { defaultSettings, type TimingSettings } from './settings.ts'

/**
 * Whether samples, in the order they were taken, look like one steady state.
 *
 * Two tests, both needed:
 * - **Windows agree**, as in NVIDIA's perf_analyzer, which compares the largest with the smallest latency of three
 *   successive windows. Here: medians of `stabilityWindows` windows within `stabilityTolerance` (3 and 5 %), and of ten
 *   shorter ones within twice that (10 %, its default threshold), so that a late step is not hidden in a long window.
 * - **No trend**: Mann–Kendall (Mann, "Nonparametric tests against trend", 1945) on the medians of up to 20 blocks,
 *   which are long enough to be nearly independent where samples are not. A trend counts when it is significant at
 *   1 % and moves the median by more than `driftTolerance` (2 %) from the first window to the last: a drift too small to
 *   matter is none.
 */
export interface Stability {
  stable: boolean
  /** Why not, in words with figures; null where stable. */
  reason: string | null
}

/** With fewer samples steadiness cannot be judged: three windows of three and a normal Mann–Kendall need ten. */
export const minimumForStability = 10

const shortWindows = { count: 10, minimumSamples: 5 }
const trend = { blocks: 20, z: 2.576 }
const ordinals = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

export type StabilitySettings = Pick<TimingSettings, 'stabilityWindows' | 'stabilityTolerance' | 'driftTolerance'>

/** Medians of `count` equal windows in order of time. */
export function windowMedians(samples: Float64Array, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    median(samples.subarray(Math.floor((i * samples.length) / count), Math.floor(((i + 1) * samples.length) / count))),
  )
}

/** How far the largest of the values lies above the smallest, as a share of the smallest. */
export function spread(values: readonly number[]): number {
  const low = Math.min(...values)
  return low <= 0 ? 0 : Math.max(...values) / low - 1
}

/** Mann–Kendall's standardised S with the correction for ties; positive where values grow. 0 where all are equal. */
export function mannKendall(values: readonly number[]): number {
  const n = values.length
  let s = 0
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(values[j]! - values[i]!)
  const ties = new Map<number, number>()
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1)
  const term = (t: number) => t * (t - 1) * (2 * t + 5)
  let variance = term(n)
  for (const t of ties.values()) variance -= term(t)
  variance /= 18
  return variance <= 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance)
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** @param samples latencies in the order of time, any unit. */
export function stability(samples: Float64Array, settings: StabilitySettings = defaultSettings): Stability {
  const n = samples.length
  const { stabilityWindows: count, stabilityTolerance, driftTolerance } = settings
  if (n < minimumForStability)
    return { stable: false, reason: `${n} samples are too few to tell whether they are steady: at least ${minimumForStability} are needed` }
  const windows = windowMedians(samples, Math.min(count, n))
  const apart = spread(windows)
  if (apart > stabilityTolerance)
    return {
      stable: false,
      reason: `the medians of ${ordinals[count] ?? count} windows lie ${percent(apart)} apart, more than ${percent(stabilityTolerance)}`,
    }
  if (n >= shortWindows.count * shortWindows.minimumSamples) {
    const tenths = spread(windowMedians(samples, shortWindows.count))
    if (tenths > 2 * stabilityTolerance)
      return {
        stable: false,
        reason: `the medians of ten windows lie ${percent(tenths)} apart, more than ${percent(2 * stabilityTolerance)}`,
      }
  }
  const z = mannKendall(windowMedians(samples, Math.min(trend.blocks, n)))
  const drift = windows.at(-1)! / windows[0]! - 1
  if (Math.abs(z) > trend.z && Math.abs(drift) > driftTolerance)
    return {
      stable: false,
      reason: `latency ${drift > 0 ? 'rises' : 'falls'} by ${percent(Math.abs(drift))} from the first ${count === 3 ? 'third' : 'window'} to the last, a trend (Mann–Kendall z ${z.toFixed(1)})`,
    }
  return { stable: true, reason: null }
}
