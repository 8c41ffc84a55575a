import type { Run } from '../api/types.ts'

/** Far outside: more than three times the distance between the quartiles beyond them (Tukey's "far out"). */
export function fences(samples: readonly number[]): [number, number] {
  const sorted = Float64Array.from(samples).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  const [low, high] = [at(0.25), at(0.75)]
  return [low - 3 * (high - low), high + 3 * (high - low)]
}

/** At most `most` points of a series, the extremes of each part of it kept. */
export function thinned(samples: readonly number[], most: number): [number, number][] {
  if (samples.length <= most) return samples.map((value, index) => [index, value])
  const step = Math.ceil((2 * samples.length) / most)
  const kept: [number, number][] = []
  for (let start = 0; start < samples.length; start += step) {
    let [low, high] = [start, start]
    for (let index = start; index < Math.min(start + step, samples.length); index++) {
      if (samples[index]! < samples[low]!) low = index
      if (samples[index]! > samples[high]!) high = index
    }
    for (const index of [...new Set([Math.min(low, high), Math.max(low, high)])]) kept.push([index, samples[index]!])
  }
  return kept
}

/** Counts in bins of equal width from the least to the fence; what lies beyond is in `beyond`. */
export function binned(samples: readonly number[], bins: number): { from: number; width: number; counts: number[]; beyond: number } {
  const [, fence] = fences(samples)
  const least = samples.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const most = samples.reduce((a, b) => Math.max(a, b), 0)
  const end = Math.min(most, Math.max(fence, least))
  const width = (end - least) / bins || 1
  const counts = new Array<number>(bins).fill(0)
  let beyond = 0
  for (const sample of samples) {
    if (sample > end) beyond++
    else counts[Math.min(bins - 1, Math.floor((sample - least) / width))]!++
  }
  return { from: least, width, counts, beyond }
}

export const median = (run: Run): number | null => run.result?.latencyMs.p50 ?? null
