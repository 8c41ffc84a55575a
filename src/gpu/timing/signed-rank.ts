/**
 * Wilcoxon's signed-rank statistics for paired differences (Wilcoxon, "Individual Comparisons by Ranking Methods", 1945)
 * with the estimate and the interval of Hodges and Lehmann ("Estimates of Location Based on Rank Tests", 1963). They ask
 * for no normal distribution and survive a few wild pairs, which a shared machine has; under no difference, when either
 * side is as likely to be ahead in each pair, the error of the interval is exact.
 */

/**
 * P(W ≤ w) of the signed-rank sum of n pairs under no difference, for w = 0 … n(n+1)/2: every set of ranks is equally
 * likely, so the ways to reach each sum are counted.
 */
export function signedRankDistribution(n: number): Float64Array {
  const most = (n * (n + 1)) / 2
  const ways = new Float64Array(most + 1)
  ways[0] = 1
  for (let rank = 1; rank <= n; rank++) for (let sum = most; sum >= rank; sum--) ways[sum] = ways[sum]! + ways[sum - rank]!
  const total = 2 ** n
  let below = 0
  return ways.map((count) => (below += count) / total)
}

/**
 * Pairs that an interval of this confidence needs: with fewer, even all of one sign could be chance.
 * @param confidence e.g. 0.99: 8 pairs, since 2/2⁸ < 0.01.
 */
export const pairsNeeded = (confidence: number): number => Math.ceil(1 - Math.log2(1 - confidence))

export interface Location {
  /** Median of the Walsh averages: the Hodges–Lehmann estimate. */
  estimate: number
  /** Of at least the confidence asked for. */
  interval: readonly [number, number]
}

/**
 * Where the center of the differences lies. At most some hundred pairs: all n(n+1)/2 averages of two are looked at.
 * @throws RangeError with fewer pairs than `pairsNeeded`.
 */
export function signedRankLocation(differences: readonly number[], confidence: number): Location {
  const n = differences.length
  if (n < pairsNeeded(confidence))
    throw new RangeError(`${n} pairs are too few for an interval of ${confidence}: ${pairsNeeded(confidence)} are needed`)
  const averages: number[] = []
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) averages.push((differences[i]! + differences[j]!) / 2)
  averages.sort((a, b) => a - b)
  const middle = averages.length / 2
  const estimate = (averages[Math.ceil(middle) - 1]! + averages[Math.floor(middle)]!) / 2
  // W counts the averages below 0 (Tukey 1949). With the largest w that has P(W ≤ w) ≤ α/2, a center is refused where no
  // more than w averages lie on one side of it: those w are outside, and the next one is the end of the interval.
  const below = signedRankDistribution(n)
  let outside = 0
  while (below[outside + 1]! <= (1 - confidence) / 2) outside += 1
  return { estimate, interval: [averages[outside]!, averages[averages.length - 1 - outside]!] }
}
