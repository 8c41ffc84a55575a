/** What Softmax and LogSoftmax have in common: rows along one dim, each of which is worked on by itself. */
import { type Static, Type } from 'typebox'
import { product } from '../../exact.ts'
import { takes } from '../../op.ts'
import { numel, type Shape } from '../../shape.ts'
import { dimOf } from './dims.ts'

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim whose elements are turned into shares of 1; the batch is dim 0. Default 1.' })),
})
interface Canonical {
  dim: number
}

export const softmaxForm = {
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): Canonical => ({ dim: raw.dim ?? 1 }),
  shape: ([x]: readonly Shape[], { dim }: Canonical): Shape[] => {
    dimOf(dim, x!)
    return [x!]
  },
  batchIn: (batchDim: number, [x]: readonly Shape[], { dim }: Canonical): boolean => batchDim !== dimOf(dim, x!),
  field: ({ inputs }: { inputs: readonly Shape[] }, { dim }: Canonical) =>
    dimOf(dim, inputs[0]!) === 1 ? ('elementwise' as const) : ('global' as const),
}

/** Elements, rows along the dim, and the n − 1 steps of a sum or a maximum over the n elements of a row, of all rows. */
export function rowsAlong(dim: number, x: Shape): { elements: number; rows: number; pairs: number } {
  const elements = numel(x)
  const length = x[dimOf(dim, x)]!
  return { elements, rows: elements / length, pairs: product(elements / length, length - 1) }
}
