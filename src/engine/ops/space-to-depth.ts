import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'
import { featureMap } from './shared/spatial.ts'

const Attributes = Type.Object({
  blockSize: Type.Integer({ minimum: 1, maximum: 1024, description: 'Rows and columns that become blockSize² channels.' }),
  mode: Type.Optional(
    Type.Union([Type.Literal('CRD'), Type.Literal('DCR')], {
      description:
        'Where the channels of one block come to lie: side by side, as PyTorch’s PixelUnshuffle (CRD), or far apart, as ONNX’s and TensorFlow’s SpaceToDepth (DCR). Default CRD.',
    }),
  ),
})

/** Rows and columns to channels, as PyTorch's `nn.PixelUnshuffle`; undoes DepthToSpace of the same mode. Moves data, no arithmetic. */
export const spaceToDepth = defineOp({
  type: 'SpaceToDepth',
  summary: 'Turns rows and columns into channels.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ blockSize: raw.blockSize, mode: raw.mode ?? ('CRD' as const) }),
  shape: ([x], { blockSize }) => {
    const { batch, channels, size } = featureMap(x!, 'SpaceToDepth')
    if (size.some((length) => length % blockSize !== 0))
      throw new ShapeError(`blockSize ${blockSize} must divide the ${size.join('×')} rows and columns`, 'blockSize')
    return [[batch, product(channels, blockSize ** 2), size[0] / blockSize, size[1] / blockSize]]
  },
  quantities: () => ({}),
  field: (_shapes, { blockSize: b }) => ({ kernel: [b, b], stride: [b, b], dilation: [1, 1] }),
  fromOnnx: {
    // Until opset 27 it has no mode.
    SpaceToDepth: (node) => {
      const mode = node.text('mode', 'DCR')
      return mode === 'DCR' || mode === 'CRD' ? { attributes: { blockSize: node.int('blocksize', 1), mode } } : null
    },
  },
  onnx: (emit, { inputs, outputs }, { blockSize: b, mode }) => {
    if (mode === 'DCR') return emit.node('SpaceToDepth', emit.inputs, emit.outputs, { blocksize: b })
    const [n, c, h, w] = inputs[0] as [number, number, number, number]
    const [cut, moved] = [emit.temporary('cut'), emit.temporary('moved')]
    emit.node('Reshape', [emit.inputs[0]!, integers(emit, 'blocks', [n, c, h / b, b, w / b, b])], [cut])
    emit.node('Transpose', [cut], [moved], { perm: [0, 1, 3, 5, 2, 4] })
    emit.node('Reshape', [moved, integers(emit, 'shape', outputs[0]!)], emit.outputs)
  },
  tfjs: (tf, { attributes: { blockSize: b, mode }, inputs, outputs }) => {
    const [n, c, h, w] = inputs[0] as [number, number, number, number]
    const perm = mode === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
    return inEngineOrder(tf, ([x]) => tf.reshape(tf.transpose(tf.reshape(x!, [n, c, h / b, b, w / b, b]), perm), [...outputs[0]!]))
  },
})
