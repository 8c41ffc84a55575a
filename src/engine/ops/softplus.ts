import { activation } from './shared/elementwise.ts'
import { stableSoftplus } from './shared/lowering/softplus.ts'

/** ln(1 + eˣ), as PyTorch's `nn.Softplus`: one exponential, one addition, one logarithm per element. */
export const softplus = activation({
  type: 'Softplus',
  summary: 'Smooth form of ReLU.',
  arithmetic: { transcendentals: 2, additions: 1 },
  fromOnnx: { Softplus: () => ({}) },
  onnx: (emit) => emit.node('Softplus', emit.inputs, emit.outputs),
  tfjs: (tf, x) => stableSoftplus(tf, x),
})
