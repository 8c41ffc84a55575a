import { Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp } from '../op.ts'
import { numel } from '../shape.ts'
import { allInputs, broadcast, emitPairwise, lowerPairwise } from './shared/broadcast.ts'
import { sameChannels } from './shared/divided.ts'

/** Element-wise sum, the residual connection: n − 1 additions per output element. Sizes of 1 broadcast. */
export const add = defineOp({
  type: 'Add',
  summary: 'Element-wise sum of two or more tensors; sizes of 1 broadcast.',
  attributes: Type.Object({}),
  arity: { min: 2, max: 64 },
  canonical: () => ({}),
  shape: (inputs) => [broadcast(inputs, 'Add')],
  batchIn: () => true,
  inPlace: true,
  channelsRead: sameChannels,
  quantities: ({ inputs, outputs }) => ({ additions: product(numel(outputs[0]!), inputs.length - 1) }),
  fromOnnx: { Add: allInputs, Sum: allInputs },
  onnx: (emit) => emitPairwise(emit, 'Add'),
  tfjs: (tf, shapes) => lowerPairwise(tf, shapes, tf.add),
})
