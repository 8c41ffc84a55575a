import { type Static, Type } from 'typebox'
import { parametricActivation } from './shared/elementwise.ts'

const Attributes = Type.Object({
  alpha: Type.Optional(Type.Number({ description: 'Threshold. Default 1.' })),
})

/** x where x > α, else 0 (Konda et al., 2015): one comparison per element. */
export const thresholdedRelu = parametricActivation({
  type: 'ThresholdedReLU',
  summary: 'Passes what is above a threshold, zero otherwise.',
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => ({ alpha: raw.alpha ?? 1 }),
  arithmetic: { comparisons: 1 },
  fromOnnx: { ThresholdedRelu: (node) => ({ attributes: { alpha: node.float('alpha', 1) } }) },
  onnx: (emit, a) => emit.node('ThresholdedRelu', emit.inputs, emit.outputs, { alpha: { float: a.alpha } }),
  tfjs: (tf, x, a) => tf.mul(x, tf.cast(tf.greater(x, a.alpha), 'float32')),
})
