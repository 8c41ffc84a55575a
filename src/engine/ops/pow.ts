import { binary } from './shared/elementwise.ts'

/** left ^ right: one power per element. */
export const pow = binary({
  type: 'Pow',
  summary: 'Element-wise power, left to the right; sizes of 1 broadcast.',
  arithmetic: { transcendentals: 1 },
  onnx: 'Pow',
  tfjs: (tf, left, right) => tf.pow(left, right),
})
