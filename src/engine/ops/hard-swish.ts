import { activation } from './shared/elementwise.ts'

/**
 * x · min(max(x + 3, 0), 6) / 6, as PyTorch's `nn.Hardswish` (Howard et al., "Searching for MobileNetV3", 2019): one
 * addition, two comparisons, one multiplication, one division per element.
 */
export const hardSwish = activation({
  type: 'HardSwish',
  summary: 'x times its hard sigmoid.',
  arithmetic: { additions: 1, comparisons: 2, multiplications: 1, divisions: 1 },
  fromOnnx: { HardSwish: () => ({}) },
  onnx: (emit) => emit.node('HardSwish', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
})
