import { quantile, sorted } from './percentiles.ts'

/** mulberry32: a small generator with a 32-bit state, uniform on [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const replicates = 1000
/** Bounds the work: 2,000 blocks of a million samples cost as little as 2,000 samples one by one. */
const maxBlocks = 2000

/** Lag-1 autocorrelation. */
function autocorrelation(values: Float64Array): number {
  const n = values.length
  let mean = 0
  for (const value of values) mean += value / n
  let variance = 0
  let covariance = 0
  for (let i = 0; i < n; i++) {
    variance += (values[i]! - mean) ** 2
    if (i > 0) covariance += (values[i]! - mean) * (values[i - 1]! - mean)
  }
  return variance === 0 ? 0 : covariance / variance
}

/**
 * Block length for a series with this lag-1 autocorrelation: Carlstein, "The Use of Subseries Values for Estimating
 * the Variance of a General Statistic from a Stationary Sequence", 1986, whose optimum for AR(1) is
 * (2ρ / (1 − ρ²))^(2/3) · n^(1/3). At least 1, at most a quarter of the series, and no more than `maxBlocks` blocks.
 */
export function blockLength(n: number, rho: number): number {
  const r = Math.min(Math.max(rho, 0), 0.99)
  const optimal = Math.ceil(((2 * r) / (1 - r * r)) ** (2 / 3) * Math.cbrt(n))
  return Math.max(1, Math.ceil(n / maxBlocks), Math.min(optimal, Math.floor(n / 4)))
}

/**
 * 95 % interval of the median of a series that may be autocorrelated. A moving-block bootstrap (Künsch, "The Jackknife
 * and the Bootstrap for General Stationary Observations", 1989) resamples the share of samples below the median; its
 * spread is turned into an interval of latency through the ordered samples (Woodruff, "Confidence Intervals for
 * Medians and Other Position Measures", 1952). Deterministic for a seed.
 * @param samples latencies in the order of time; at least 11, the rule of a median.
 */
export function medianInterval(samples: Float64Array, seed: number): readonly [number, number] {
  const n = samples.length
  const ascending = sorted(samples)
  const middle = quantile(ascending, 0.5)
  // Half a count for a sample that is the median itself, so that ties pull neither way.
  const below = samples.map((sample) => (sample < middle ? 1 : sample === middle ? 0.5 : 0))
  const prefix = new Float64Array(n + 1)
  for (let i = 0; i < n; i++) prefix[i + 1] = prefix[i]! + below[i]!
  const length = blockLength(n, autocorrelation(below))
  const blocks = Math.ceil(n / length)
  const random = seededRandom(seed ^ 0x5eed)
  const shares = new Float64Array(replicates)
  let mean = 0
  for (let r = 0; r < replicates; r++) {
    let count = 0
    for (let b = 0; b < blocks; b++) {
      const start = Math.floor(random() * (n - length + 1))
      count += prefix[start + length]! - prefix[start]!
    }
    shares[r] = count / (blocks * length)
    mean += shares[r]! / replicates
  }
  shares.sort()
  // Blocks of length l leave about n/l independent pieces; the usual n/(n − 1) of a variance, in pieces.
  const widen = Math.sqrt(blocks / Math.max(1, blocks - 1))
  const low = 0.5 + widen * (quantile(shares, 0.025) - mean)
  const high = 0.5 + widen * (quantile(shares, 0.975) - mean)
  return [quantile(ascending, low), quantile(ascending, high)]
}
