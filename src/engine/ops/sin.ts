import { activation } from './shared/elementwise.ts'

/** sin x: one transcendental per element. */
export const sin = activation({
  type: 'Sin',
  summary: 'Sine of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Sin: () => ({}) },
  onnx: (emit) => emit.node('Sin', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.sin(x),
})
