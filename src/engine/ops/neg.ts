import { activation } from './shared/elementwise.ts'

/** −x: a change of sign, which is not counted. */
export const neg = activation({
  type: 'Neg',
  summary: 'Each element with the other sign.',
  arithmetic: {},
  fromOnnx: { Neg: () => ({}) },
  onnx: (emit) => emit.node('Neg', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.neg(x),
})
