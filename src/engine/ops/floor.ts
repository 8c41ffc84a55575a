import { activation } from './shared/elementwise.ts'

/** ⌊x⌋: counted as one comparison per element. */
export const floor = activation({
  type: 'Floor',
  summary: 'Largest integer not above each element.',
  arithmetic: { comparisons: 1 },
  fromOnnx: { Floor: () => ({}) },
  onnx: (emit) => emit.node('Floor', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.floor(x),
})
