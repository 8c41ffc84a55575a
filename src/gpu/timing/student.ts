/**
 * Quantile of Student's t with `df` degrees of freedom: Hill, "Algorithm 396: Student's t-quantiles", CACM 1970, six
 * digits and better. @param twoTailed the probability in both tails together, e.g. 0.01 for an interval of 99 %.
 */
export function studentQuantile(twoTailed: number, df: number): number {
  if (!(twoTailed > 0 && twoTailed < 1 && df >= 1)) throw new RangeError('a t-quantile needs 0 < p < 1 and df ≥ 1')
  if (df === 1) return 1 / Math.tan((twoTailed * Math.PI) / 2)
  if (df === 2) return Math.sqrt(2 / (twoTailed * (2 - twoTailed)) - 2)
  const a = 1 / (df - 0.5)
  const b = 48 / (a * a)
  let c = ((20700 * a) / b - 98) * a * a - 16 * a + 96.36
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * df
  let x = d * twoTailed
  let y = x ** (2 / df)
  if (y > 0.05 + a) {
    x = normalQuantile(twoTailed / 2)
    y = x * x
    if (df < 5) c += 0.3 * (df - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = Math.expm1(a * y * y)
  } else {
    y = ((1 / (((df + 6) / (df * y) - 0.089 * d - 0.822) * (df + 2) * 3) + 0.5 / (df + 4)) * y - 1) * ((df + 1) / (df + 2)) + 1 / y
  }
  return Math.sqrt(df * y)
}

/** Lower quantile of the standard normal for p < 0.5: Acklam's rational approximation, relative error below 1.2e-9. */
function normalQuantile(p: number): number {
  const a = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239]
  const b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1]
  const c = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783]
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416]
  const polynomial = (coefficients: readonly number[], x: number) => coefficients.reduce((sum, each) => sum * x + each, 0)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return polynomial(c, q) / polynomial([...d, 1], q)
  }
  const q = p - 0.5
  const r = q * q
  return (polynomial(a, r) * q) / polynomial([...b, 1], r)
}
