import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel, perImage } from '../shape.ts'
import { groupChannels } from './shared/divided.ts'
import { inEngineOrder, reshaped } from './shared/lowering/layout.ts'
import { normal } from './shared/lowering/normal.ts'
import { normalizationQuantities, scaleAndShift } from './shared/normalization.ts'
import { filled, integers, stepsOf } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  groups: Type.Integer({ minimum: 1, description: 'Groups that the channels are split into; each is normalized by itself.' }),
  eps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Added to the variance. Default 1e-5.' })),
  affine: Type.Optional(Type.Boolean({ description: 'Learns a scale and a shift per channel. Default true.' })),
})

/**
 * Group normalization (Wu and He, 2018), PyTorch's `nn.GroupNorm`: over the elements of each group of channels of an
 * image, (x − mean) / √(variance + eps), then · weight + bias per channel. Counted as `normalizationQuantities` says.
 */
export const groupNorm = defineOp({
  type: 'GroupNorm',
  summary: 'Normalizes each group of channels of an image by its own mean and variance, then scales and shifts each channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ groups: raw.groups, eps: raw.eps ?? 1e-5, affine: raw.affine ?? true }),
  shape: ([x], { groups }) => {
    if (x!.length < 2) throw new ShapeError(`GroupNorm takes a tensor with channels, but its input is ${perImage(x!)}`)
    if (x![1]! % groups !== 0) throw new ShapeError(`groups ${groups} must divide the ${x![1]} channels`, 'groups')
    return [x!]
  },
  parameters: ([x], { affine }) => scaleAndShift([x![1]!], { scale: affine, shift: affine }),
  quantities: ({ inputs }, { groups, affine }) =>
    normalizationQuantities(numel(inputs[0]!), product(inputs[0]![0]!, groups), affine, affine),
  channelsRead: (from, to, shapes, a) => groupChannels(from, to, shapes, a.groups),
  field: ({ inputs }) => (inputs[0]!.length > 2 ? 'global' : 'elementwise'),
  // Written out, since ONNX's GroupNormalization has a scale per channel from opset 21 only.
  fromOnnx: {
    // Until opset 20 scale and bias are a group's, not a channel's.
    GroupNormalization: (node) => {
      const [x, scale, bias] = node.inputs
      if (!x || !scale?.constant || !bias?.constant || scale.shape[0] !== x.shape[1]) return null
      return {
        attributes: { groups: node.int('num_groups', 1), eps: node.float('epsilon', 1e-5) },
        parameters: { weight: { input: 1 }, bias: { input: 2 } },
      }
    },
  },
  onnx: (emit, { inputs }, { groups, eps, affine }) => {
    const [batch, channels, ...size] = inputs[0] as [number, number, ...number[]]
    const step = stepsOf(emit)
    const rows = step('Reshape', [emit.inputs[0]!, integers(emit, 'groups', [batch, groups, numel(inputs[0]!) / batch / groups])], 'rows')
    const normalized = step(
      'InstanceNormalization',
      [rows, filled(emit, 'ones', [groups], 1), filled(emit, 'zeros', [groups], 0)],
      'normal',
      { epsilon: { float: eps } },
    )
    const back = [normalized, integers(emit, 'shape', [batch, channels, ...size])]
    if (!affine) return emit.node('Reshape', back, emit.outputs)
    const perChannel = integers(emit, 'channels', [channels, ...size.map(() => 1)])
    const along = (name: string) => step('Reshape', [emit.parameter(name), perChannel], name)
    emit.node('Add', [step('Mul', [step('Reshape', back, 'back'), along('weight')], 'scaled'), along('bias')], emit.outputs)
  },
  tfjs: (tf, { attributes: { groups, eps, affine }, parameters, inputs }) => {
    const perChannel = [inputs[0]![1]!, ...inputs[0]!.slice(2).map(() => 1)]
    const [weight, bias] = affine ? ['weight', 'bias'].map((name) => reshaped(tf, parameters[name]!, perChannel)) : []
    return inEngineOrder(tf, ([x]) => {
      const rows = normal(tf, tf.reshape(x!, [x!.shape[0]!, groups, -1]), [2], eps)
      const y = tf.reshape(rows, x!.shape)
      return weight ? tf.add(tf.mul(y, weight), bias!) : y
    })
  },
})
