import { activation } from './shared/elementwise.ts'

/** cos x: one transcendental per element. */
export const cos = activation({
  type: 'Cos',
  summary: 'Cosine of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Cos: () => ({}) },
  onnx: (emit) => emit.node('Cos', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.cos(x),
})
