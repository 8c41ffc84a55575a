import { activation } from './shared/elementwise.ts'

/** 1/x: one division per element. */
export const reciprocal = activation({
  type: 'Reciprocal',
  summary: 'One over each element.',
  arithmetic: { divisions: 1 },
  fromOnnx: { Reciprocal: () => ({}) },
  onnx: (emit) => emit.node('Reciprocal', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.div(1, x),
})
