/** A row of layers that is cut into consecutive parts. */
export interface CutProblem {
  /** What each layer costs, 0 or more. */
  costs: readonly number[]
  /** Bytes that cross a cut before each layer; that of the first means nothing. */
  traffic: readonly number[]
  /** What a byte over a cut costs, in the unit of `costs`. */
  perByte: number
  /** Parts to cut into, at most as many as there are layers; none is empty. */
  parts: number
}

export interface Cuts {
  /** Index of the first layer of each part but the first, rising. */
  cuts: number[]
  /** The greatest cost of a part or of a cut: the time from one result to the next, where cost is time. */
  bottleneck: number
  /** Bytes over all cuts. */
  traffic: number
}

/**
 * The best of all ways to cut a row into so many parts, found exactly by dynamic programming. Parts and cuts work at once, as stages
 * of a pipeline and the links between them, so that the slowest of either decides (Narayanan et al., "PipeDream", SOSP 2019,
 * section 3.1). Of several, the one with the least traffic; of these, the one whose first cut is earliest, then its second, and so on.
 * Time: for n layers about n² steps at worst, far fewer where costs are spread.
 */
export function bestCuts({ costs, traffic, perByte, parts }: CutProblem): Cuts {
  const n = costs.length
  const before = new Float64Array(n + 1)
  for (let i = 0; i < n; i++) before[i + 1] = before[i]! + costs[i]!
  const link = traffic.map((bytes) => bytes * perByte)
  const bottleneck = leastBottleneck(before, link, parts)
  const cuts = leastTraffic(before, traffic, (at) => link[at]! <= bottleneck, bottleneck, parts)
  return { cuts, bottleneck, traffic: cuts.reduce((sum, at) => sum + traffic[at]!, 0) }
}

/** Cost of the slowest part or link of the best cuts. `best[j]`: of the first j layers in so many parts. */
function leastBottleneck(before: Float64Array, link: readonly number[], parts: number): number {
  const n = before.length - 1
  let best = before
  for (let part = 2; part <= parts; part++) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY)
    for (let j = part; j <= n; j++) {
      let least = Number.POSITIVE_INFINITY
      // The last part only grows from here on: nothing further back can be better.
      for (let i = j - 1; i >= part - 1; i--) {
        const last = before[j]! - before[i]!
        if (last >= least) break
        const slowest = Math.max(best[i]!, link[i]!, last)
        if (slowest < least) least = slowest
      }
      next[j] = least
    }
    best = next
  }
  return best[n]!
}

/** Cuts of the least traffic, the earliest of several, where no part costs more than `most` and only cuts that may be are made. */
function leastTraffic(
  before: Float64Array,
  traffic: readonly number[],
  may: (at: number) => boolean,
  most: number,
  parts: number,
): number[] {
  const n = before.length - 1
  // Of the layers from i on, in so many parts.
  let rest = new Float64Array(n + 1)
  for (let i = 0; i <= n; i++) rest[i] = i < n && before[n]! - before[i]! <= most ? 0 : Number.POSITIVE_INFINITY
  const first: Int32Array[] = []
  for (let part = 2; part <= parts; part++) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY)
    const chosen = new Int32Array(n + 1)
    const value = (at: number): number => (may(at) ? traffic[at]! + rest[at]! : Number.POSITIVE_INFINITY)
    // Cuts that may end the part from i on, those of less traffic further back left out: both ends move down with i.
    const window: number[] = []
    let start = 0
    for (let i = n - 1; i >= 0; i--) {
      if (i + 1 < n) {
        // An earlier cut of the same traffic is preferred, so it stands in for a later one.
        while (window.length > start && value(window.at(-1)!) >= value(i + 1)) window.pop()
        window.push(i + 1)
      }
      while (window.length > start && before[window[start]!]! - before[i]! > most) start++
      if (window.length === start) continue
      next[i] = value(window[start]!)
      chosen[i] = window[start]!
    }
    rest = next
    first.unshift(chosen)
  }
  const cuts: number[] = []
  let at = 0
  for (const chosen of first) cuts.push((at = chosen[at]!))
  return cuts
}
