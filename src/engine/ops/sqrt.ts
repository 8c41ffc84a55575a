import { activation } from './shared/elementwise.ts'

/** √x: one root per element. */
export const sqrt = activation({
  type: 'Sqrt',
  summary: 'Square root of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Sqrt: () => ({}) },
  onnx: (emit) => emit.node('Sqrt', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.sqrt(x),
})
