/**
 * The difference curve of Kneedle (Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack", ICDCS workshops
 * 2011): how far each point lies above the diagonal, with both axes scaled to 0 … 1. The knee is where that is largest. An axis
 * on which all points are equal counts as 0.
 * @param xs what is paid, @param ys what is got for it, point by point.
 */
export function differenceCurve(xs: readonly number[], ys: readonly number[]): number[] {
  const [x, y] = [scaled(xs), scaled(ys)]
  return y.map((value, i) => value - x[i]!)
}

function scaled(values: readonly number[]): number[] {
  const least = Math.min(...values)
  const range = Math.max(...values) - least
  return values.map((value) => (range === 0 ? 0 : (value - least) / range))
}
