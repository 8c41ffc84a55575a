import { activation } from './shared/elementwise.ts'

/** 1 / (1 + e^−x): one exp, one addition, one division per element. */
export const sigmoid = activation({
  type: 'Sigmoid',
  summary: 'Logistic function, 1 / (1 + exp(−x)).',
  arithmetic: { transcendentals: 1, additions: 1, divisions: 1 },
  fromOnnx: { Sigmoid: () => ({}) },
  onnx: (emit) => emit.node('Sigmoid', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.sigmoid(x),
})
