import { seededRandom } from '../../../src/gpu/timing/median-interval.ts'

/** Standard normal deviates by Box and Muller, seeded. */
export function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** AR(1): x[t] = φ·x[t−1] + ε, stationary from the first element, unit variance. */
export function ar1(n: number, phi: number, seed: number): Float64Array {
  const next = gaussian(seed)
  const out = new Float64Array(n)
  let x = next()
  for (let i = 0; i < n; i++) {
    out[i] = x
    x = phi * x + Math.sqrt(1 - phi * phi) * next()
  }
  return out
}
