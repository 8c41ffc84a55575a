/** The samples of a run in figures for a chart: a histogram, quantiles, and fewer samples that look the same. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { percentiles, quantile, sorted } from '../../../gpu/timing/percentiles.ts'
import type { Samples } from '../../../store/index.ts'
import type { HistogramAnswer, HistogramQuery, ThinnedAnswer } from './distribution-schema.ts'

/** Samples read at a time. */
const part = 60_000
/** Bins where nobody says how many: what the rule of Freedman and Diaconis gives, within these. */
const bins = { least: 1, most: 200 }
const usual = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

async function readAll(samples: Samples): Promise<Float64Array> {
  const all = new Float64Array(samples.count)
  for (let at = 0; at < samples.count; at += part) all.set(await samples.read(at, part), at)
  return all
}

/**
 * Bins of one width between `from` and `to`, each with its lower edge in and its upper edge out, but for the last, which
 * has both; and quantiles by linear interpolation (definition 7 of Hyndman and Fan, as NumPy's default).
 */
export async function histogramOf(runId: string, samples: Samples, query: HistogramQuery): Promise<HistogramAnswer> {
  const all = await readAll(samples)
  await nextTurn()
  return { runId, ...(await figuresOf(all, query)), samplesExpiredAt: null }
}

/** What stays of samples that are dropped: their histogram and quantiles where nobody asks for others, without repeated words. */
export interface SampleSummary {
  count: number
  min: number
  max: number
  /** How many samples each bin has; the bins are of one width, from `min` to `max`. */
  bins: number[]
  /** Quantile, and ms. */
  quantiles: [number, number][]
}

/** @param all in ms. */
export async function summaryOf(all: Float64Array): Promise<SampleSummary> {
  const { count, min, max, bins, quantiles } = await figuresOf(all, {})
  return { count, min, max, bins: bins.map((bin) => bin.count), quantiles: quantiles.map(({ quantile, ms }) => [quantile, ms]) }
}

/** The histogram of samples that were dropped; null where the query asks for what only they could tell. */
export function histogramOfSummary(
  runId: string,
  { count, min, max, bins, quantiles }: SampleSummary,
  expiredAt: Date,
  query: HistogramQuery,
): HistogramAnswer | null {
  if (query.bins !== undefined || query.from !== undefined || query.to !== undefined) return null
  const known = new Map(quantiles)
  const asked = query.quantiles ?? [...known.keys()]
  if (asked.some((q) => !known.has(q))) return null
  const edge = edges(min, max, bins.length)
  return {
    runId,
    unit: 'ms',
    count,
    min,
    max,
    bins: bins.map((samples, i) => ({ from: edge(i), to: edge(i + 1), count: samples })),
    below: 0,
    above: 0,
    quantiles: asked.map((q) => ({ quantile: q, ms: known.get(q)!, stated: count >= needed(q) })),
    samplesExpiredAt: expiredAt.toISOString(),
  }
}

/** The edges of bins of one width: the last is `to` to the bit. */
const edges =
  (from: number, to: number, bins: number) =>
  (i: number): number =>
    i === bins ? to : from + i * ((to - from) / bins)

async function figuresOf(all: Float64Array, query: HistogramQuery): Promise<Omit<HistogramAnswer, 'runId' | 'samplesExpiredAt'>> {
  const ascending = sorted(all)
  await nextTurn()
  const min = ascending[0]!
  const max = ascending.at(-1)!
  const from = query.from ?? min
  const to = Math.max(query.to ?? max, from)
  const count = to === from ? 1 : (query.bins ?? ruleOfThumb(ascending, from, to))
  const edge = edges(from, to, count)
  const starts = Array.from({ length: count }, (_, i) => lowerBound(ascending, edge(i)))
  const end = upperBound(ascending, to)
  return {
    unit: 'ms',
    count: all.length,
    min,
    max,
    bins: starts.map((start, i) => ({ from: edge(i), to: edge(i + 1), count: (starts[i + 1] ?? end) - start })),
    below: starts[0]!,
    above: all.length - end,
    quantiles: (query.quantiles ?? usual).map((q) => ({ quantile: q, ms: quantile(ascending, q), stated: all.length >= needed(q) })),
  }
}

/** Samples needed to state a quantile, by the nearest percentile above that has a rule; from either end. */
function needed(q: number): number {
  const tail = Math.max(q, 1 - q)
  const rules = Object.values(percentiles).sort((a, b) => a.quantile - b.quantile)
  return rules.find((rule) => rule.quantile >= tail - 1e-12)?.minimumSamples ?? Number.POSITIVE_INFINITY
}

/** Width 2·IQR·n^(−1/3): Freedman and Diaconis, "On the histogram as a density estimator", 1981. */
function ruleOfThumb(ascending: Float64Array, from: number, to: number): number {
  const width = (2 * (quantile(ascending, 0.75) - quantile(ascending, 0.25))) / Math.cbrt(ascending.length)
  return width > 0 ? Math.min(bins.most, Math.max(bins.least, Math.ceil((to - from) / width))) : bins.least
}

/** How many are below `value`. */
function lowerBound(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many are not above `value`. */
function upperBound(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * At most `points` samples: of each stretch of equal length the smallest and the largest, so that no outlier is lost, in
 * the order measured. All of them where they are no more than that.
 */
export async function thin(runId: string, samples: Samples, points: number): Promise<ThinnedAnswer> {
  const all = await readAll(samples)
  const indices: number[] = []
  if (all.length <= points) for (let i = 0; i < all.length; i++) indices.push(i)
  else {
    const stretches = Math.max(1, Math.floor(points / 2))
    for (let s = 0; s < stretches; s++) {
      const start = Math.floor((s * all.length) / stretches)
      const end = Math.floor(((s + 1) * all.length) / stretches)
      let [low, high] = [start, start]
      for (let i = start + 1; i < end; i++) {
        if (all[i]! < all[low]!) low = i
        if (all[i]! > all[high]!) high = i
      }
      indices.push(...(low === high ? [low] : low < high ? [low, high] : [high, low]))
    }
  }
  return { runId, unit: 'ms', count: all.length, indices, samples: indices.map((i) => all[i]!) }
}
