import { type Static, Type } from 'typebox'
import { parametricActivation } from './shared/elementwise.ts'

const Attributes = Type.Object({
  alpha: Type.Optional(Type.Number({ description: 'Value that it approaches far below zero, negated. Default 1.' })),
})

/** x above zero, α·(eˣ − 1) below, as PyTorch's `nn.ELU` (Clevert et al., 2016): one comparison, one exponential, one addition, one multiplication per element. */
export const elu = parametricActivation({
  type: 'ELU',
  summary: 'Exponential linear unit.',
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => ({ alpha: raw.alpha ?? 1 }),
  arithmetic: { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 1 },
  fromOnnx: { Elu: (node) => ({ attributes: { alpha: node.float('alpha', 1) } }) },
  onnx: (emit, a) => emit.node('Elu', emit.inputs, emit.outputs, { alpha: { float: a.alpha } }),
  tfjs: (tf, x, a) => tf.where(tf.greater(x, 0), x, tf.mul(a.alpha, tf.sub(tf.exp(tf.minimum(x, 0)), 1))),
})
