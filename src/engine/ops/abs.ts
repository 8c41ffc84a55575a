import { activation } from './shared/elementwise.ts'

/** |x|: one comparison per element. */
export const abs = activation({
  type: 'Abs',
  summary: 'Absolute value of each element.',
  arithmetic: { comparisons: 1 },
  fromOnnx: { Abs: () => ({}) },
  onnx: (emit) => emit.node('Abs', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.abs(x),
})
