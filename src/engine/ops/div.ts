import { binary } from './shared/elementwise.ts'

/** left / right: one division per element. */
export const div = binary({
  type: 'Div',
  summary: 'Element-wise quotient, left over right; sizes of 1 broadcast.',
  arithmetic: { divisions: 1 },
  onnx: 'Div',
  tfjs: (tf, left, right) => tf.div(left, right),
})
