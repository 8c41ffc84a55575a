import type { Tensor } from '@tensorflow/tfjs-core'
import { Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { broadcast } from './shared/broadcast.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'

/**
 * Product of two matrices, or of two stacks of them, as `torch.matmul` on tensors of two dims and more: …×n×k by …×k×m,
 * the dims before the last two broadcast. MACs = output elements × k.
 */
export const matMul = defineOp({
  type: 'MatMul',
  summary: 'Product of two tensors as stacks of matrices; both are computed by the network.',
  attributes: Type.Object({}),
  arity: takes(2),
  canonical: () => ({}),
  shape: ([a, b]) => {
    if (a!.length < 2 || b!.length < 2) throw new ShapeError(`MatMul takes matrices, but gets ${a!.join('×')} and ${b!.join('×')}`)
    if (a!.at(-1) !== b!.at(-2))
      throw new ShapeError(
        `MatMul takes …×n×k and …×k×m, but gets ${a!.join('×')} and ${b!.join('×')}: ${a!.at(-1)} and ${b!.at(-2)} differ`,
      )
    return [[...broadcast([a!.slice(0, -2), b!.slice(0, -2)], 'MatMul'), a!.at(-2)!, b!.at(-1)!]]
  },
  // All but the dim that both are summed over.
  batchIn: (dim, inputs, _attributes, input) => dim !== inputs[input]!.length - (input === 0 ? 1 : 2),
  quantities: ({ inputs, outputs }) => ({ macs: product(numel(outputs[0]!), inputs[0]!.at(-1)!) }),
  field: () => 'global',
  fromOnnx: {
    MatMul: (node) => (node.inputs.every((input) => input && input.shape.length >= 2) ? { inputs: [0, 1] } : null),
  },
  onnx: (emit) => emit.node('MatMul', emit.inputs, emit.outputs),
  tfjs: (tf, { inputs, outputs }) => {
    const stack = outputs[0]!.slice(0, -2)
    // TF.js multiplies stacks of one rank: both are spread to the output's stack and joined to three dims.
    const matrices = (x: Tensor, of: readonly number[]): Tensor => {
      const spread = tf.broadcastTo(tf.reshape(x, [...new Array(stack.length + 2 - of.length).fill(1), ...of]), [...stack, ...of.slice(-2)])
      return tf.reshape(spread, [product(...stack), ...of.slice(-2)])
    }
    return inEngineOrder(tf, ([a, b]) => tf.reshape(tf.matMul(matrices(a!, inputs[0]!), matrices(b!, inputs[1]!)), [...outputs[0]!]))
  },
})
