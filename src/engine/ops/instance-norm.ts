import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel, perImage } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { reshaped, tfjsAxis } from './shared/lowering/layout.ts'
import { normal } from './shared/lowering/normal.ts'
import { normalizationQuantities, scaleAndShift } from './shared/normalization.ts'
import { filled } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  eps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Added to the variance. Default 1e-5.' })),
  affine: Type.Optional(Type.Boolean({ description: 'Learns a scale and a shift per channel. Default false, as PyTorch’s.' })),
})

/**
 * Instance normalization (Ulyanov, Vedaldi and Lempitsky, 2016), PyTorch's `nn.InstanceNorm1d` to `3d`: over the positions
 * of each channel of an image, (x − mean) / √(variance + eps). Counted as `normalizationQuantities` says.
 */
export const instanceNorm = defineOp({
  type: 'InstanceNorm',
  summary: 'Normalizes each channel of an image by its own mean and variance.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ eps: raw.eps ?? 1e-5, affine: raw.affine ?? false }),
  shape: ([x]) => {
    if (x!.length < 3) throw new ShapeError(`InstanceNorm takes a sequence, a map or a volume, but its input is ${perImage(x!)}`)
    return [x!]
  },
  parameters: ([x], { affine }) => scaleAndShift([x![1]!], { scale: affine, shift: affine }),
  quantities: ({ inputs }, { affine }) =>
    normalizationQuantities(numel(inputs[0]!), product(inputs[0]![0]!, inputs[0]![1]!), affine, affine),
  channelsRead: sameChannels,
  field: () => 'global',
  fromOnnx: {
    InstanceNormalization: (node) =>
      node.inputs[1]?.constant && node.inputs[2]?.constant
        ? {
            attributes: { eps: node.float('epsilon', 1e-5), affine: true },
            parameters: { weight: { input: 1 }, bias: { input: 2 } },
          }
        : null,
  },
  onnx: (emit, { inputs }, { eps, affine }) => {
    const channels = inputs[0]![1]!
    const scale = affine ? emit.parameter('weight') : filled(emit, 'ones', [channels], 1)
    const shift = affine ? emit.parameter('bias') : filled(emit, 'zeros', [channels], 0)
    emit.node('InstanceNormalization', [emit.inputs[0]!, scale, shift], emit.outputs, { epsilon: { float: eps } })
  },
  tfjs: (tf, { attributes: { eps, affine }, parameters, inputs }) => {
    const rank = inputs[0]!.length
    const axes = inputs[0]!.map((_, dim) => tfjsAxis(dim, rank)).slice(2)
    const perChannel = inputs[0]!.map(() => 1)
    perChannel[tfjsAxis(1, rank)] = inputs[0]![1]!
    const [weight, bias] = affine ? ['weight', 'bias'].map((name) => reshaped(tf, parameters[name]!, perChannel)) : []
    return ([x]) => {
      const y = normal(tf, x!, axes, eps)
      return weight ? tf.add(tf.mul(y, weight), bias!) : y
    }
  },
})
