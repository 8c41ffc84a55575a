import { product } from '../../exact.ts'
import type { Parameter, Quantities } from '../../op.ts'
import type { Shape } from '../../shape.ts'

/**
 * Arithmetic of a normalization by the input's own mean and variance, one pass for each. Per element: 3 additions (sum,
 * difference, sum of squares), 2 multiplications (square, by the reciprocal root), one of each more to scale and to shift;
 * per row of elements that share a mean: 3 divisions (mean, variance, reciprocal) and one root.
 */
export const normalizationQuantities = (elements: number, rows: number, scale: boolean, shift: boolean): Quantities => ({
  additions: product(shift ? 4 : 3, elements),
  multiplications: product(scale ? 3 : 2, elements),
  divisions: product(3, rows),
  transcendentals: rows,
})

/** What a normalization learns: a scale, `weight`, and a shift, `bias`, where it has them. */
export function scaleAndShift(shape: Shape, learns: { scale: boolean; shift: boolean }): Parameter[] {
  const scale: Parameter = { name: 'weight', shape, init: 'scale', trainable: true }
  const shift: Parameter = { name: 'bias', shape, init: 'shift', trainable: true }
  if (learns.scale) return learns.shift ? [scale, shift] : [scale]
  return learns.shift ? [shift] : []
}
