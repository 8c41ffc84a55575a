import type { Histogram } from '../api/types.ts'

/**
 * Beyond what a sample is far outside: three times the distance of the quartiles from them (Tukey's "far out"), within the
 * range of the samples.
 */
export function fences({ quantiles, min, max }: Histogram): { from: number; to: number } {
  const [low, high] = [quantiles[0]!.ms, quantiles[1]!.ms]
  const [from, to] = [Math.max(min, low - 3 * (high - low)), Math.min(max, high + 3 * (high - low))]
  // Outwards to a picosecond, as an address can hold it.
  return { from: Math.floor(from * 1e9) / 1e9, to: Math.ceil(to * 1e9) / 1e9 }
}
