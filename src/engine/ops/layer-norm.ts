import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './shared/functional.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { normal } from './shared/lowering/normal.ts'
import { normalizationQuantities, scaleAndShift } from './shared/normalization.ts'
import { filled } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  dims: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 7, description: 'How many of the last dims are normalized together. Default 1.' }),
  ),
  eps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Added to the variance. Default 1e-5.' })),
  affine: Type.Optional(Type.Boolean({ description: 'Learns a scale and a shift per element of those dims. Default true.' })),
  bias: Type.Optional(Type.Boolean({ description: 'Learns the shift, where affine. Default true.' })),
  functional,
})

/**
 * Layer normalization (Ba, Kiros and Hinton, 2016), PyTorch's `nn.LayerNorm`: over the last dims, (x − mean) / √(variance
 * + eps) · weight + bias. Per element, with one pass for the mean and one for the variance: 4 additions (sum, difference,
 * sum of squares, shift), 2 multiplications (square, scale by weight) and one by the reciprocal root; per row of it one
 * division each for mean and variance, one root and one division.
 */
export const layerNorm = defineOp({
  type: 'LayerNorm',
  summary: 'Normalizes the last dims of each position, then scales and shifts them.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    dims: raw.dims ?? 1,
    eps: raw.eps ?? 1e-5,
    affine: raw.affine ?? true,
    bias: (raw.affine ?? true) && (raw.bias ?? true),
    ...canonicalFunctional(raw),
  }),
  shape: ([x], { dims }) => {
    if (dims > x!.length - 1) throw new ShapeError(`dims ${dims} are more than the ${x!.length - 1} of one image`, 'dims')
    return [x!]
  },
  parameters: ([x], a) => scaleAndShift(x!.slice(-a.dims), { scale: a.affine, shift: a.bias }),
  batchIn: (dim, [x], { dims }) => dim < x!.length - dims,
  quantities: ({ inputs }, a) => {
    const elements = numel(inputs[0]!)
    return normalizationQuantities(elements, elements / product(...inputs[0]!.slice(-a.dims)), a.affine, a.bias)
  },
  field: () => 'global',
  fromOnnx: {
    LayerNormalization: (node) => {
      const [x, scale, bias] = node.inputs
      if (!x || !scale?.constant || (bias && !bias.constant)) return null
      const axis = node.int('axis', -1)
      return {
        attributes: { dims: axis < 0 ? -axis : x.shape.length - axis, eps: node.float('epsilon', 1e-5), bias: bias !== undefined },
        parameters: { weight: { input: 1 }, ...(bias ? { bias: { input: 2 } } : {}) },
      }
    },
  },
  onnx: (emit, { inputs }, a) => {
    const shape = inputs[0]!.slice(-a.dims)
    const scale = a.affine ? emit.parameter('weight') : filled(emit, 'ones', shape, 1)
    emit.node('LayerNormalization', [emit.inputs[0]!, scale, ...(a.bias ? [emit.parameter('bias')] : [])], emit.outputs, {
      axis: -a.dims,
      epsilon: { float: a.eps },
    })
  },
  tfjs: (tf, { attributes: a, parameters, inputs }) => {
    const axes = inputs[0]!.map((_, i) => i).slice(-a.dims)
    return inEngineOrder(tf, ([x]) => {
      const y = normal(tf, x!, axes, a.eps)
      const scaled = a.affine ? tf.mul(y, parameters.weight!) : y
      return a.bias ? tf.add(scaled, parameters.bias!) : scaled
    })
  },
})
