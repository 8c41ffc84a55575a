import type { LatencySummary } from '../contract.ts'
import { medianInterval } from './median-interval.ts'
import { type PercentileName, percentiles, sorted, statedPercentile } from './percentiles.ts'

/**
 * Summary of samples: extremes, mean, sample standard deviation (n − 1), percentiles where they may be stated and the
 * interval of the median. Same unit as the samples.
 * @param samples latencies in the order of time, at least one.
 * @param callsPerSample more than one: the samples are means, which have lost the tail, so none is stated.
 */
export function summarize(samples: Float64Array, seed: number, callsPerSample = 1): LatencySummary {
  const n = samples.length
  const ascending = sorted(samples)
  // Welford's recurrence: no cancellation where the spread is small beside the mean.
  let mean = 0
  let squares = 0
  samples.forEach((sample, i) => {
    const delta = sample - mean
    mean += delta / (i + 1)
    squares += delta * (sample - mean)
  })
  const tail = (name: PercentileName) => (callsPerSample === 1 ? statedPercentile(ascending, name) : null)
  return {
    min: ascending[0]!,
    p50: statedPercentile(ascending, 'p50'),
    p90: tail('p90'),
    p95: tail('p95'),
    p99: tail('p99'),
    p999: tail('p999'),
    max: ascending[n - 1]!,
    mean,
    stddev: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
    medianCi95: n < percentiles.p50.minimumSamples ? null : medianInterval(samples, seed),
  }
}
