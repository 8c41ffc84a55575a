import type { Tensor1D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, takes } from '../op.ts'
import { dimOf } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'

const Attributes = Type.Object({
  dim: Type.Integer({ description: 'Dim that is picked from; the batch is dim 0.' }),
  indices: Type.Array(Type.Integer(), {
    minItems: 1,
    maxItems: 1024,
    description: 'Indices along dim, in the order wanted; negative from the end.',
  }),
  drop: Type.Optional(Type.Boolean({ description: 'With one index: the dim goes, as x[:, 0] in PyTorch. Default false.' })),
})

/** Picks indices along a dim, as `torch.index_select`, or with `drop` one of them, as `x[:, 0]`: moves data, no arithmetic. */
export const gather = defineOp({
  type: 'Gather',
  summary: 'Picks indices along a dim.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ dim: raw.dim, indices: [...raw.indices], drop: raw.drop ?? false }),
  shape: ([x], { dim, indices, drop }) => {
    const i = dimOf(dim, x!)
    const size = x![i]!
    const outside = indices.find((index) => index < -size || index >= size)
    if (outside !== undefined) throw new ShapeError(`index ${outside} is out of range: there are ${size} along dim ${dim}`, 'indices')
    if (drop && indices.length !== 1) throw new ShapeError(`drop takes one index, but there are ${indices.length}`, 'drop')
    return [drop ? x!.filter((_, at) => at !== i) : x!.map((whole, at) => (at === i ? indices.length : whole))]
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: () => ({}),
  fromOnnx: {
    Gather: (node) => {
      const indices = node.inputs[1]
      if (!indices?.constant || indices.shape.length > 1) return null
      return { attributes: { dim: node.int('axis', 0), indices: [...(node.numbers(1) ?? [])], drop: indices.shape.length === 0 } }
    },
  },
  onnx: (emit, { inputs }, { dim, indices, drop }) => {
    const wanted = indices.map(BigInt)
    emit.node('Gather', [emit.inputs[0]!, emit.constant('indices', drop ? [] : [wanted.length], wanted)], emit.outputs, {
      axis: dimOf(dim, inputs[0]!),
    })
  },
  tfjs: (tf, { attributes: { dim, indices }, inputs, outputs }) => {
    const axis = dimOf(dim, inputs[0]!)
    const size = inputs[0]![axis]!
    const wanted = tf.tensor1d(
      indices.map((index) => (index < 0 ? size + index : index)),
      'int32',
    ) as Tensor1D
    return inEngineOrder(tf, ([x]) => tf.reshape(tf.gather(x!, wanted, axis), [...outputs[0]!]))
  },
})
