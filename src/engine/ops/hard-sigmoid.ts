import { activation } from './elementwise.ts'

/**
 * min(max(x + 3, 0), 6) / 6, as PyTorch's `nn.Hardsigmoid` (Howard et al., "Searching for MobileNetV3", 2019): one
 * addition, two comparisons, one division per element.
 */
export const hardSigmoid = activation({
  type: 'HardSigmoid',
  summary: 'Piecewise linear sigmoid, ReLU6(x + 3) / 6.',
  arithmetic: { additions: 1, comparisons: 2, divisions: 1 },
  onnx: (emit) => emit.node('HardSigmoid', emit.inputs, emit.outputs, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  tfjs: (tf, x) => tf.div(tf.relu6(tf.add(x, 3)), 6),
})
