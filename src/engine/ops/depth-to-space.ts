import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, takes } from '../op.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { featureMap } from './shared/spatial.ts'

const Attributes = Type.Object({
  blockSize: Type.Integer({ minimum: 1, maximum: 1024, description: 'Rows and columns that blockSize² channels become.' }),
  mode: Type.Optional(
    Type.Union([Type.Literal('CRD'), Type.Literal('DCR')], {
      description: 'Which channels become one position: neighbors, as PyTorch’s PixelShuffle (CRD), or those far apart (DCR). Default CRD.',
    }),
  ),
})

/** Channels to rows and columns, as PyTorch's `nn.PixelShuffle` (Shi et al., 2016): moves data, no arithmetic. */
export const depthToSpace = defineOp({
  type: 'DepthToSpace',
  summary: 'Turns channels into rows and columns.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ blockSize: raw.blockSize, mode: raw.mode ?? ('CRD' as const) }),
  shape: ([x], { blockSize }) => {
    const { batch, channels, size } = featureMap(x!, 'DepthToSpace')
    if (channels % blockSize ** 2 !== 0)
      throw new ShapeError(`blockSize² of ${blockSize ** 2} must divide the ${channels} channels`, 'blockSize')
    return [[batch, channels / blockSize ** 2, size[0] * blockSize, size[1] * blockSize]]
  },
  quantities: () => ({}),
  fromOnnx: {
    DepthToSpace: (node) => ({ attributes: { blockSize: node.int('blocksize', 1), mode: node.text('mode', 'DCR') } }),
  },
  onnx: (emit, _shapes, { blockSize, mode }) => emit.node('DepthToSpace', emit.inputs, emit.outputs, { blocksize: blockSize, mode }),
  tfjs: (tf, { attributes: { blockSize: b, mode }, inputs, outputs }) => {
    const [n, , h, w] = inputs[0] as [number, number, number, number]
    const c = outputs[0]![1]!
    return inEngineOrder(tf, ([x]) => {
      const cut = mode === 'CRD' ? tf.reshape(x!, [n, c, b, b, h, w]) : tf.reshape(x!, [n, b, b, c, h, w])
      const moved = mode === 'CRD' ? tf.transpose(cut, [0, 1, 4, 2, 5, 3]) : tf.transpose(cut, [0, 3, 4, 1, 5, 2])
      return tf.reshape(moved, [...outputs[0]!])
    })
  },
})
