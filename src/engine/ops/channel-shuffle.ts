import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { integers } from './shared/onnx-emit.ts'
import { featureMap } from './shared/spatial.ts'

const Attributes = Type.Object({
  groups: Type.Integer({ minimum: 1, description: 'Groups among which channels are dealt out; must divide the channels.' }),
})

/**
 * Channel shuffle (Zhang et al., "ShuffleNet", 2017), as PyTorch's `nn.ChannelShuffle`: channels seen as groups ×
 * C/groups, transposed. Moves data, no arithmetic.
 */
export const channelShuffle = defineOp({
  type: 'ChannelShuffle',
  summary: 'Deals channels out among groups, so that grouped convolutions exchange data.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ groups: raw.groups }),
  shape: ([x], a) => {
    const { channels } = featureMap(x!, 'ChannelShuffle')
    if (channels % a.groups !== 0) throw new ShapeError(`groups ${a.groups} must divide the ${channels} channels`, 'groups')
    return [x!]
  },
  quantities: () => ({}),
  onnx: (emit, { inputs }, a) => {
    const { batch, channels, size } = featureMap(inputs[0]!, 'ChannelShuffle')
    const grouped = emit.temporary('grouped')
    const dealt = emit.temporary('dealt')
    emit.node('Reshape', [emit.inputs[0]!, integers(emit, 'groupedShape', [batch, a.groups, channels / a.groups, ...size])], [grouped])
    emit.node('Transpose', [grouped], [dealt], { perm: [0, 2, 1, 3, 4] })
    emit.node('Reshape', [dealt, integers(emit, 'shape', inputs[0]!)], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const { batch, channels, size } = featureMap(inputs[0]!, 'ChannelShuffle')
    return ([x]) => {
      const grouped = tf.reshape(x!, [product(batch, ...size), a.groups, channels / a.groups])
      return tf.reshape(tf.transpose(grouped, [0, 2, 1]), x!.shape)
    }
  },
})
