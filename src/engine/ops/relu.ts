import { Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'

/** max(x, 0): one comparison per element. */
export const relu = defineOp({
  type: 'ReLU',
  summary: 'Replaces negative elements with zero.',
  attributes: Type.Object({}),
  arity: takes(1),
  canonical: () => ({}),
  shape: ([x]) => [x!],
  quantities: ({ outputs }) => ({ comparisons: numel(outputs[0]!) }),
  onnx: (emit) => emit.node('Relu', emit.inputs, emit.outputs),
  tfjs:
    (tf) =>
    ([x]) =>
      tf.relu(x!),
})
