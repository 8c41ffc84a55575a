/** Channels from the first to below the second. */
export type Interval = readonly [number, number]

/** How many of an interval none of some disjoint others holds. */
export const missing = (held: readonly Interval[], [from, to]: Interval): number =>
  held.reduce((left, [a, b]) => left - Math.max(0, Math.min(b, to) - Math.max(a, from)), Math.max(0, to - from))

/** Disjoint intervals and one more, as disjoint ones in rising order. */
export function united(held: readonly Interval[], added: Interval): Interval[] {
  let [from, to] = added
  const apart: Interval[] = []
  for (const each of held)
    if (each[1] < from || each[0] > to) apart.push(each)
    else [from, to] = [Math.min(from, each[0]), Math.max(to, each[1])]
  return [...apart, [from, to] as const].sort((a, b) => a[0] - b[0])
}
