import { activation } from './shared/elementwise.ts'

/** erf x: one per element. */
export const erf = activation({
  type: 'Erf',
  summary: 'Gauss error function of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Erf: () => ({}) },
  onnx: (emit) => emit.node('Erf', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.erf(x),
})
