import { activation } from './shared/elementwise.ts'
import { stableSoftplus } from './shared/lowering/softplus.ts'

/** x · tanh(ln(1 + e^x)), PyTorch's `nn.Mish` (Misra, 2019): exp, log, tanh, one addition, one multiplication. */
export const mish = activation({
  type: 'Mish',
  summary: 'x times the tanh of its softplus.',
  arithmetic: { transcendentals: 3, additions: 1, multiplications: 1 },
  fromOnnx: { Mish: () => ({}) },
  // Written out, since ONNX has Mish from opset 18 only.
  onnx: (emit) => {
    const [soft, bent] = [emit.temporary('softplus'), emit.temporary('tanh')]
    emit.node('Softplus', emit.inputs, [soft])
    emit.node('Tanh', [soft], [bent])
    emit.node('Mul', [emit.inputs[0]!, bent], emit.outputs)
  },
  tfjs: (tf, x) => tf.mul(x, tf.tanh(stableSoftplus(tf, x))),
})
