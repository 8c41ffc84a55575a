import { activation } from './shared/elementwise.ts'

/** ⌈x⌉: counted as one comparison per element. */
export const ceil = activation({
  type: 'Ceil',
  summary: 'Smallest integer not below each element.',
  arithmetic: { comparisons: 1 },
  fromOnnx: { Ceil: () => ({}) },
  onnx: (emit) => emit.node('Ceil', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.ceil(x),
})
