import { activation } from './shared/elementwise.ts'

/** x / (1 + e^−x), also called Swish: one exp, one addition, one division per element. */
export const silu = activation({
  type: 'SiLU',
  summary: 'x times its sigmoid, also called Swish.',
  arithmetic: { transcendentals: 1, additions: 1, divisions: 1 },
  fromOnnx: { Swish: (node) => (node.float('alpha', 1) === 1 ? {} : null) },
  onnx: (emit) => {
    const gate = emit.temporary('sigmoid')
    emit.node('Sigmoid', emit.inputs, [gate])
    emit.node('Mul', [emit.inputs[0]!, gate], emit.outputs)
  },
  tfjs: (tf, x) => tf.mul(x, tf.sigmoid(x)),
})
