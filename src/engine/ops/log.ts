import { activation } from './shared/elementwise.ts'

/** ln x: one logarithm per element. */
export const log = activation({
  type: 'Log',
  summary: 'Natural logarithm of each element.',
  arithmetic: { transcendentals: 1 },
  fromOnnx: { Log: () => ({}) },
  onnx: (emit) => emit.node('Log', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.log(x),
})
