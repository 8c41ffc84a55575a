import { binary } from './shared/elementwise.ts'

/** The smaller of two: one comparison per element. */
export const min = binary({
  type: 'Min',
  summary: 'Element-wise minimum of two tensors; sizes of 1 broadcast.',
  arithmetic: { comparisons: 1 },
  onnx: 'Min',
  tfjs: (tf, left, right) => tf.minimum(left, right),
})
