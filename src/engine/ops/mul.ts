import { Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp } from '../op.ts'
import { numel } from '../shape.ts'
import { allInputs, broadcast, emitPairwise, lowerPairwise } from './shared/broadcast.ts'
import { sameChannels } from './shared/divided.ts'

/**
 * Element-wise product, as in squeeze-and-excitation: n − 1 multiplications per output element. Sizes of 1 broadcast.
 * No multiply-accumulate: nothing is summed.
 */
export const mul = defineOp({
  type: 'Mul',
  summary: 'Element-wise product of two or more tensors; sizes of 1 broadcast.',
  attributes: Type.Object({}),
  arity: { min: 2, max: 64 },
  canonical: () => ({}),
  shape: (inputs) => [broadcast(inputs, 'Mul')],
  batchIn: () => true,
  inPlace: true,
  channelsRead: sameChannels,
  quantities: ({ inputs, outputs }) => ({ multiplications: product(numel(outputs[0]!), inputs.length - 1) }),
  fromOnnx: { Mul: allInputs },
  onnx: (emit) => emitPairwise(emit, 'Mul'),
  tfjs: (tf, shapes) => lowerPairwise(tf, shapes, tf.mul),
})
