import { activation } from './shared/elementwise.ts'

/** eˣ: one exponential per element. */
export const exp = activation({
  type: 'Exp',
  summary: 'Exponential of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Exp: () => ({}) },
  onnx: (emit) => emit.node('Exp', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.exp(x),
})
