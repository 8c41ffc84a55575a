import { binary } from './shared/elementwise.ts'

/** left − right: one addition per element. */
export const sub = binary({
  type: 'Sub',
  summary: 'Element-wise difference, left less right; sizes of 1 broadcast.',
  arithmetic: { additions: 1 },
  onnx: 'Sub',
  tfjs: (tf, left, right) => tf.sub(left, right),
})
