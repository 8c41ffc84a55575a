import { activation } from './shared/elementwise.ts'

/** x / (1 + |x|), as PyTorch's `nn.Softsign`: one comparison, one addition, one division per element. */
export const softsign = activation({
  type: 'Softsign',
  summary: 'x over 1 + |x|.',
  arithmetic: { comparisons: 1, additions: 1, divisions: 1 },
  fromOnnx: { Softsign: () => ({}) },
  onnx: (emit) => emit.node('Softsign', emit.inputs, emit.outputs),
  tfjs: (tf, x) => tf.div(x, tf.add(1, tf.abs(x))),
})
