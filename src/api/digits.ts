/** `?digits=`: figures to so many significant digits. Whole numbers are counts and stay exact. */

/** A copy of plain data with each fraction rounded to `digits` significant digits. */
export function rounded(value: unknown, digits: number): unknown {
  if (typeof value === 'number') return Number.isInteger(value) || !Number.isFinite(value) ? value : Number(value.toPrecision(digits))
  if (Array.isArray(value)) return value.map((item) => rounded(item, digits))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item, digits)]))
  return value
}
