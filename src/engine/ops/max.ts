import { binary } from './shared/elementwise.ts'

/** The larger of two: one comparison per element. */
export const max = binary({
  type: 'Max',
  summary: 'Element-wise maximum of two tensors; sizes of 1 broadcast.',
  arithmetic: { comparisons: 1 },
  onnx: 'Max',
  tfjs: (tf, left, right) => tf.maximum(left, right),
})
