/**
 * Percentiles, and when there are samples enough to state one.
 *
 * The rule is that of MLPerf Inference's early stopping (LoadGen, "Early Stopping", confidence 0.99): a percentile p
 * may be stated once the chance of seeing at most one sample above the true p-quantile, which is a binomial tail
 * P(Bin(n, 1 − p) ≤ 1), is 1 % or less. MLPerf's published minima, 64 queries for the 90th and 662 for the 99th
 * percentile, come out of the same formula; so do the others.
 */

export const percentiles = {
  p50: { quantile: 0.5, minimumSamples: 11 },
  p90: { quantile: 0.9, minimumSamples: 64 },
  p95: { quantile: 0.95, minimumSamples: 130 },
  p99: { quantile: 0.99, minimumSamples: 662 },
  p999: { quantile: 0.999, minimumSamples: 6636 },
} as const
export type PercentileName = keyof typeof percentiles

/** Ascending copy. */
export const sorted = (samples: Float64Array): Float64Array => samples.slice().sort()

/**
 * Quantile of ascending samples with linear interpolation between neighbors: definition 7 of Hyndman and Fan,
 * "Sample Quantiles in Statistical Packages", 1996, the default of NumPy and R.
 */
export function quantile(ascending: Float64Array, q: number): number {
  if (ascending.length === 0) throw new RangeError('a quantile needs at least one sample')
  const position = Math.min(Math.max(q, 0), 1) * (ascending.length - 1)
  const below = Math.floor(position)
  const low = ascending[below]!
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!
  return low + (position - below) * (high - low)
}

/** Median of samples in any order. */
export const median = (samples: Float64Array): number => quantile(sorted(samples), 0.5)

/** The percentile of ascending samples, or null where they are too few to state it. */
export function statedPercentile(ascending: Float64Array, name: PercentileName): number | null {
  const { quantile: q, minimumSamples } = percentiles[name]
  return ascending.length < minimumSamples ? null : quantile(ascending, q)
}
