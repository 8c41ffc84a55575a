import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, takes } from '../op.ts'
import type { Shape } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  dims: Type.Optional(
    Type.Array(Type.Integer(), {
      maxItems: 8,
      description: 'Dims that take the second input’s size; they have size 1 in the first. Default [0], the batch.',
    }),
  ),
})

function expanded(x: Shape, like: Shape, dims: readonly number[]): number[] {
  const out = [...x]
  for (const dim of dims) {
    const i = dimOf(dim, x, 'dims')
    if (x[i] !== 1 && x[i] !== like[i])
      throw new ShapeError(`dim ${dim} has size ${x[i]} and cannot be repeated to ${like[i]}: only a size of 1 can`, 'dims')
    if (like[i] === undefined) throw new ShapeError(`the second input ${like.join('×')} has no dim ${dim}`, 'dims')
    out[i] = like[i]!
  }
  return out
}

/** Repeats a tensor along dims of size 1 to the sizes of another, as `torch.expand`: a class token for each image. Moves data. */
export const expand = defineOp({
  type: 'Expand',
  summary: 'Repeats the first tensor along dims of size 1 to the sizes of the second.',
  attributes: Attributes,
  arity: takes(2),
  canonical: (raw: Static<typeof Attributes>) => ({ dims: raw.dims ? [...raw.dims] : [0] }),
  shape: ([x, like], { dims }) => [expanded(x!, like!, dims)],
  batchIn: () => true,
  quantities: () => ({}),
  onnx: (emit, { outputs }) => emit.node('Expand', [emit.inputs[0]!, integers(emit, 'shape', outputs[0]!)], emit.outputs),
  tfjs: (tf, { outputs }) => inEngineOrder(tf, ([x]) => tf.broadcastTo(x!, [...outputs[0]!])),
})
