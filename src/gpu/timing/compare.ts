/**
 * Decides which of two is faster, and whether the difference is significant. Always of time per image, b over a: below 1, b
 * is faster.
 *
 * The medians of one network jump from process to process (13.6 and 18.9 ms within seconds were seen), far more than
 * the samples of one process stray. So an interval made of one run's samples says nothing of the next run, and neither
 * comparison here rests on it alone: an interleaved one takes a fresh process for each block and looks at the blocks'
 * medians; one of two runs adds what repeated runs on that device were seen to stray by.
 */
import { pairsNeeded, signedRankLocation } from './signed-rank.ts'
import { studentQuantile } from './student.ts'

/** Of the interval that the verdict goes by: equal networks are called different once in a hundred at most. */
export const verdictConfidence = 0.99

export type ComparisonVerdict = 'faster' | 'slower' | 'noDifferenceShown'

export interface Ratio {
  /** Time per image of b over that of a. */
  ratio: number
  /** Of `confidence`. */
  interval: readonly [number, number]
  confidence: number
  /** Of b: `faster` where the whole interval lies below 1, `slower` where it lies above. */
  verdict: ComparisonVerdict
}

function ratioOf(estimate: number, low: number, high: number): Ratio {
  const verdict = high < 0 ? 'faster' : low > 0 ? 'slower' : 'noDifferenceShown'
  return { ratio: Math.exp(estimate), interval: [Math.exp(low), Math.exp(high)], confidence: verdictConfidence, verdict }
}

/** Rounds of an interleaved comparison: the fewest that can show anything at this confidence, and a bound of the work. */
export const rounds = { least: pairsNeeded(verdictConfidence), default: 12, most: 100 } as const

/**
 * Of blocks taken in turns: the pairs of neighbors share whatever the machine was doing, so their ratios are what is
 * looked at, by rank, and a few rounds in which somebody else was busy decide nothing.
 * @param a time per image of each round's block of a, in any unit. @param b of its neighbor.
 * @throws RangeError with fewer than `rounds.least` rounds.
 */
export function compareRounds(a: readonly number[], b: readonly number[]): Ratio {
  const { estimate, interval } = signedRankLocation(
    a.map((time, i) => Math.log(b[i]! / time)),
    verdictConfidence,
  )
  return ratioOf(estimate, interval[0], interval[1])
}

/** How far the medians of runs that are the same lie apart on a device, as a standard deviation of their logarithm. */
export interface Repeatability {
  deviation: number
  /** Repeated runs behind it, less one a workload. */
  degreesOfFreedom: number
}

/** Fewer than these tell too little of a device. */
const leastDegreesOfFreedom = 5
/**
 * Taken where a device has no history: a tenth, since on shared machines the process-to-process jumps were of that
 * size. Large on purpose: without repeated runs, two runs show large differences only.
 */
export const assumedDeviation = 0.1

/** Pooled over workloads. @param medians of each workload's runs on one device. @returns null where they are too few. */
export function repeatabilityOf(medians: Iterable<readonly number[]>): Repeatability | null {
  let squares = 0
  let degreesOfFreedom = 0
  for (const group of medians) {
    const logs = group.map(Math.log)
    const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length
    squares += logs.reduce((sum, each) => sum + (each - mean) ** 2, 0)
    degreesOfFreedom += Math.max(0, logs.length - 1)
  }
  if (degreesOfFreedom < leastDegreesOfFreedom) return null
  return { deviation: Math.sqrt(squares / degreesOfFreedom), degreesOfFreedom }
}

/** The figures of one run. */
export interface RunFigure {
  /** Median time per image, ms. */
  median: number
  /** 95 % interval of it from its own samples; null where they are too few. */
  interval: readonly [number, number] | null
}

/** Standard error of the logarithm of a median, out of its 95 % interval. */
const logError = ({ interval }: RunFigure): number => (interval && interval[0] > 0 ? Math.log(interval[1] / interval[0]) / (2 * 1.96) : 0)

/**
 * For two separate runs: the errors of their own samples and, twice, the device's repeatability.
 * @param repeatability null: `assumedDeviation` is taken.
 */
export function compareRuns(a: RunFigure, b: RunFigure, repeatability: Repeatability | null): Ratio {
  const { deviation, degreesOfFreedom } = repeatability ?? { deviation: assumedDeviation, degreesOfFreedom: 1e6 }
  const error = Math.sqrt(logError(a) ** 2 + logError(b) ** 2 + 2 * deviation ** 2)
  const reach = studentQuantile(1 - verdictConfidence, degreesOfFreedom) * error
  const estimate = Math.log(b.median / a.median)
  return ratioOf(estimate, estimate - reach, estimate + reach)
}
