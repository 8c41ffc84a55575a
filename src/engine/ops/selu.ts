import { activation } from './shared/elementwise.ts'

const alpha = 1.6732632423543772
const scale = 1.0507009873554805

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3

/** λ·ELU with α (Klambauer et al., "Self-Normalizing Neural Networks", 2017), as PyTorch's `nn.SELU`: ELU and one multiplication. */
export const selu = activation({
  type: 'SELU',
  summary: 'Self-normalizing exponential linear unit.',
  arithmetic: { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 2 },
  // With other constants than the paper's it is another function.
  fromOnnx: {
    Selu: (node) => (near(node.float('alpha', alpha), alpha) && near(node.float('gamma', scale), scale) ? {} : null),
  },
  onnx: (emit) => emit.node('Selu', emit.inputs, emit.outputs, { alpha: { float: alpha }, gamma: { float: scale } }),
  tfjs: (tf, x) => tf.selu(x),
})
