import { activation } from './shared/elementwise.ts'

/**
 * min(max(x + 3, 0), 6) / 6, as PyTorch's `nn.Hardsigmoid` (Howard et al., "Searching for MobileNetV3", 2019): one
 * addition, two comparisons, one division per element.
 */
export const hardSigmoid = activation({
  type: 'HardSigmoid',
  summary: 'Piecewise linear sigmoid, ReLU6(x + 3) / 6.',
  arithmetic: { additions: 1, comparisons: 2, divisions: 1 },
  // ONNX's own default slope is 0.2; this op is the one of MobileNetV3.
  fromOnnx: {
    HardSigmoid: (node) => (Math.abs(node.float('alpha', 0.2) - 1 / 6) < 1e-4 && node.float('beta', 0.5) === 0.5 ? {} : null),
  },
  onnx: (emit) => emit.node('HardSigmoid', emit.inputs, emit.outputs, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  tfjs: (tf, x) => tf.div(tf.relu6(tf.add(x, 3)), 6),
})
