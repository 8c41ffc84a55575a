import { sorted } from './percentiles.ts'

/**
 * Hartigan's dip: how far the distribution of samples lies from the nearest unimodal one, the largest difference of
 * their distribution functions. J. A. Hartigan and P. M. Hartigan, "The Dip Test of Unimodality", 1985; computed as
 * P. M. Hartigan, "Algorithm AS 217", 1985, with the corrections of Maechler's R package diptest.
 * @param ascending sorted samples. @returns between 1/(2n) and 1/4.
 */
export function dip(ascending: Float64Array): number {
  const n = ascending.length
  if (n < 2 || ascending[0] === ascending[n - 1]) return n === 0 ? 0 : 1 / (2 * n)
  // One-based, as in the paper; x[0] is not used.
  const x = new Float64Array(n + 1)
  x.set(ascending, 1)
  const minorant = convexHull(x, n, 1)
  const majorant = convexHull(x, n, -1)
  let low = 1
  let high = n
  let largest = 1
  for (;;) {
    // The vertices of both hulls inside the modal interval: of the minorant from its right end, of the majorant from its left.
    const gcm = chain(minorant, high, low)
    const lcm = chain(majorant, low, high)
    let ig = gcm.length - 1
    let ih = lcm.length - 1
    let ix = gcm.length - 2
    let iv = 1
    let distance = 0
    if (gcm.length !== 2 || lcm.length !== 2) {
      do {
        const g = gcm[ix]!
        const l = lcm[iv]!
        if (g > l) {
          const before = gcm[ix + 1]!
          const gap = l - before + 1 - ((x[l]! - x[before]!) * (g - before)) / (x[g]! - x[before]!)
          iv += 1
          if (gap >= distance) {
            distance = gap
            ig = ix + 1
            ih = iv - 1
          }
        } else {
          const before = lcm[iv - 1]!
          const gap = ((x[g]! - x[before]!) * (l - before)) / (x[l]! - x[before]!) - (g - before - 1)
          ix -= 1
          if (gap >= distance) {
            distance = gap
            ig = ix + 1
            ih = iv
          }
        }
        if (ix < 0) ix = 0
        if (iv > lcm.length - 1) iv = lcm.length - 1
      } while (gcm[ix] !== lcm[iv])
    } else distance = 1
    if (distance < largest) break
    largest = Math.max(largest, deviation(x, gcm, ig, 1), deviation(x, lcm, ih, -1))
    if (low === gcm[ig] && high === lcm[ih]) break
    low = gcm[ig]!
    high = lcm[ih]!
  }
  return largest / (2 * n)
}

/**
 * For each point the vertex before it (side 1: greatest convex minorant) or after it (side −1: least concave majorant)
 * on the hull of the points up to it.
 */
function convexHull(x: Float64Array, n: number, side: 1 | -1): Int32Array {
  const next = new Int32Array(n + 1)
  const first = side === 1 ? 1 : n
  next[first] = first
  for (let j = first + side; j >= 1 && j <= n; j += side) {
    next[j] = j - side
    for (;;) {
      const a = next[j]!
      const b = next[a]!
      if (a === first || (x[j]! - x[a]!) * (a - b) < (x[a]! - x[b]!) * (j - a)) break
      next[j] = b
    }
  }
  return next
}

function chain(next: Int32Array, from: number, to: number): number[] {
  const vertices = [from]
  for (let at = from; from > to ? at > to : at < to; ) vertices.push((at = next[at]!))
  return vertices
}

/** Largest distance of the empirical distribution from a hull outside the modal interval, in counts. */
function deviation(x: Float64Array, vertices: readonly number[], from: number, side: 1 | -1): number {
  let largest = 0
  for (let j = from; j < vertices.length - 1; j++) {
    const begin = Math.min(vertices[j]!, vertices[j + 1]!)
    const end = Math.max(vertices[j]!, vertices[j + 1]!)
    let most = 1
    if (end - begin > 1 && x[end] !== x[begin]) {
      const slope = (end - begin) / (x[end]! - x[begin]!)
      for (let k = begin; k <= end; k++) {
        const height = (x[k]! - x[begin]!) * slope
        most = Math.max(most, side === 1 ? k - begin + 1 - height : height - (k - begin - 1))
      }
    }
    largest = Math.max(largest, most)
  }
  return largest
}

/** Two modes of samples, which a mean or a median hides. */
export interface TwoModes {
  /** Medians of the two, the smaller first. */
  modes: readonly [number, number]
  /** Share of the samples in the second. */
  share: number
  dip: number
}

/** With fewer samples no second mode can be shown. */
const minimumSamples = 64
/**
 * √n · dip that fewer than 1 in 100 uniform series pass, uniform being the unimodal distribution with the largest dips:
 * the asymptotic 99 % point, which short series stay below.
 */
const significant = 0.62
/** Modes closer than this share, or with a smaller share of the samples, do not matter. */
const leastApart = 0.05
const leastShare = 0.1

/** The two modes of samples in any order, where there are two that matter; else null. */
export function twoModes(samples: Float64Array): TwoModes | null {
  const n = samples.length
  if (n < minimumSamples) return null
  const ascending = sorted(samples)
  const distance = dip(ascending)
  if (Math.sqrt(n) * distance < significant) return null
  const split = bestSplit(ascending)
  const modes = [ascending[Math.floor(split / 2)]!, ascending[Math.floor((split + n) / 2)]!] as const
  const share = (n - split) / n
  const matters = modes[1] > (1 + leastApart) * modes[0] && share >= leastShare && share <= 1 - leastShare
  return matters ? { modes, share, dip: distance } : null
}

/** Where two groups of ascending values differ most from each other: Otsu's criterion, 1979. @returns size of the first. */
function bestSplit(ascending: Float64Array): number {
  const n = ascending.length
  const total = ascending.reduce((sum, value) => sum + value, 0)
  let below = 0
  let best = 1
  let most = -1
  for (let i = 1; i < n; i++) {
    below += ascending[i - 1]!
    const between = i * (n - i) * (below / i - (total - below) / (n - i)) ** 2
    if (between > most) {
      most = between
      best = i
    }
  }
  return best
}
