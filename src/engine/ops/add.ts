import { Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp } from '../op.ts'
import { numel } from '../shape.ts'
import { broadcast } from './broadcast.ts'

/** Element-wise sum, the residual connection: n − 1 additions per output element. Sizes of 1 broadcast. */
export const add = defineOp({
  type: 'Add',
  summary: 'Element-wise sum of two or more tensors; sizes of 1 broadcast.',
  attributes: Type.Object({}),
  arity: { min: 2, max: 64 },
  canonical: () => ({}),
  shape: (inputs) => [broadcast(inputs, 'Add')],
  quantities: ({ inputs, outputs }) => ({ additions: product(numel(outputs[0]!), inputs.length - 1) }),
  onnx: (emit) => {
    let left = emit.inputs[0]!
    emit.inputs.slice(1).forEach((right, i) => {
      const out = i === emit.inputs.length - 2 ? emit.outputs[0]! : emit.temporary(`sum${i}`)
      emit.node('Add', [left, right], [out])
      left = out
    })
  },
  tfjs: (tf) => (inputs) => inputs.reduce((left, right) => tf.add(left, right)),
})
