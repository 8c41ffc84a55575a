import { type Static, Type } from 'typebox'
import { parametricActivation } from './shared/elementwise.ts'

const Attributes = Type.Object({
  alpha: Type.Optional(Type.Number({ description: 'Scale of the exponential part. Default 1.' })),
})

/** max(x, 0) + min(0, α·(e^(x/α) − 1)), as PyTorch's `nn.CELU` (Barron, 2017): one comparison, division, exponential, addition, multiplication per element. */
export const celu = parametricActivation({
  type: 'CELU',
  summary: 'Continuously differentiable exponential linear unit.',
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => ({ alpha: raw.alpha ?? 1 }),
  arithmetic: { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 1, divisions: 1 },
  fromOnnx: { Celu: (node) => ({ attributes: { alpha: node.float('alpha', 1) } }) },
  onnx: (emit, a) => emit.node('Celu', emit.inputs, emit.outputs, { alpha: { float: a.alpha } }),
  tfjs: (tf, x, a) => tf.add(tf.relu(x), tf.minimum(0, tf.mul(a.alpha, tf.sub(tf.exp(tf.div(tf.minimum(x, 0), a.alpha)), 1)))),
})
