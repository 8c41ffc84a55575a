import { activation } from './shared/elementwise.ts'

/** Hyperbolic tangent: one transcendental function per element. */
export const tanh = activation({
  type: 'Tanh',
  summary: 'Hyperbolic tangent.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Tanh: () => ({}) },
  onnx: (emit) => emit.node('Tanh', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.tanh(x),
})
