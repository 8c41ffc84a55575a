import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { readSoftmax } from './shared/onnx-softmax.ts'

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim whose shares add up to 1; the batch is dim 0. Default 1.' })),
})

/**
 * x − max − ln Σ e^(x − max) along a dim, as PyTorch's `nn.LogSoftmax`. Per row of n elements: n − 1 comparisons, n
 * subtractions, n exps, n − 1 additions, one logarithm and n subtractions more.
 */
export const logSoftmax = defineOp({
  type: 'LogSoftmax',
  summary: 'Logarithm of the softmax along a dim.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ dim: raw.dim ?? 1 }),
  shape: ([x], a) => {
    dimOf(a.dim, x!)
    return [x!]
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: ({ inputs }, a) => {
    const elements = numel(inputs[0]!)
    const length = inputs[0]![dimOf(a.dim, inputs[0]!)]!
    const pairs = product(elements / length, length - 1)
    return { comparisons: pairs, additions: 2 * elements + pairs, transcendentals: elements + elements / length }
  },
  field: ({ inputs }, a) => (dimOf(a.dim, inputs[0]!) === 1 ? 'elementwise' : 'global'),
  fromOnnx: { LogSoftmax: readSoftmax },
  onnx: (emit, { inputs }, a) => emit.node('LogSoftmax', emit.inputs, emit.outputs, { axis: dimOf(a.dim, inputs[0]!) }),
  tfjs: (tf, { attributes: a, inputs }) => {
    const axis = dimOf(a.dim, inputs[0]!)
    return inEngineOrder(tf, ([x]) => {
      const shifted = tf.sub(x!, tf.max(x!, axis, true))
      return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)))
    })
  },
})
