import { activation } from './elementwise.ts'

/** max(x, 0): one comparison per element. */
export const relu = activation({
  type: 'ReLU',
  summary: 'Replaces negative elements with zero.',
  arithmetic: { comparisons: 1 },
  onnx: (emit) => emit.node('Relu', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.relu(x),
})
