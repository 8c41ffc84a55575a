import { type Static, Type } from 'typebox'
import { parametricActivation } from './shared/elementwise.ts'

const Attributes = Type.Object({
  negativeSlope: Type.Optional(Type.Number({ description: 'Slope below zero. Default 0.01.' })),
})

/** max(x, 0) + slope · min(x, 0), as PyTorch's `nn.LeakyReLU`: one comparison, one multiplication per element. */
export const leakyRelu = parametricActivation({
  type: 'LeakyReLU',
  summary: 'ReLU with a small slope below zero.',
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => ({ negativeSlope: raw.negativeSlope ?? 0.01 }),
  arithmetic: { comparisons: 1, multiplications: 1 },
  fromOnnx: { LeakyRelu: (node) => ({ attributes: { negativeSlope: node.float('alpha', 0.01) } }) },
  onnx: (emit, a) => emit.node('LeakyRelu', emit.inputs, emit.outputs, { alpha: { float: a.negativeSlope } }),
  tfjs: (tf, x, a) => tf.leakyRelu(x, a.negativeSlope),
})
