import { activation } from './shared/elementwise.ts'
import { stableSoftplus } from './shared/lowering/softplus.ts'

/** ln(1 / (1 + e^−x)) = −ln(1 + e^−x), PyTorch's `nn.LogSigmoid`: exp, log, one addition. */
export const logSigmoid = activation({
  type: 'LogSigmoid',
  summary: 'Logarithm of the sigmoid of each element.',
  arithmetic: { transcendentals: 2, additions: 1 },
  onnx: (emit) => {
    const [minus, soft] = [emit.temporary('minus'), emit.temporary('softplus')]
    emit.node('Neg', emit.inputs, [minus])
    emit.node('Softplus', [minus], [soft])
    emit.node('Neg', [soft], emit.outputs)
  },
  tfjs: (tf, x) => tf.neg(stableSoftplus(tf, tf.neg(x))),
})
