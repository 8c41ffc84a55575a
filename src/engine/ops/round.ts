import { activation } from './shared/elementwise.ts'

/** The nearest integer, the even one of two: one comparison per element, as Floor. */
export const round = activation({
  type: 'Round',
  summary: 'Nearest integer of each element, halves to even.',
  arithmetic: { comparisons: 1 },
  fromOnnx: { Round: () => ({}) },
  onnx: (emit) => emit.node('Round', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.round(x),
})
