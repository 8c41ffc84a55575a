import { type Static, Type } from 'typebox'
import { sum } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { featureMap, type Sides, sides } from './window.ts'

const border = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
const Attributes = Type.Object({
  padding: Type.Union([border, Type.Tuple([border, border]), Type.Tuple([border, border, border, border])], {
    description: 'One number, [height, width], or [top, left, bottom, right].',
  }),
  value: Type.Optional(Type.Number({ description: 'What the border holds. Default 0.' })),
})

/** Constant border around a feature map, as PyTorch's `nn.ConstantPad2d`: moves data, no arithmetic. */
export const pad = defineOp({
  type: 'Pad',
  summary: 'Puts a constant border around a feature map.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ padding: sides(raw.padding) as Sides, value: raw.value ?? 0 }),
  shape: ([x], { padding: [top, left, bottom, right] }) => {
    const { batch, channels, size } = featureMap(x!, 'Pad')
    return [[batch, channels, sum(size[0], top, bottom), sum(size[1], left, right)]]
  },
  quantities: () => ({}),
  fromOnnx: {
    // Until opset 10 pads and value are attributes.
    Pad: (node) => {
      const pads = node.inputs[1] ? node.numbers(1) : node.ints('pads')
      const rank = node.inputs[0]!.shape.length
      const axes = node.numbers(3)?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? Array.from({ length: rank }, (_, i) => i)
      if (rank !== 4 || node.text('mode', 'constant') !== 'constant' || pads?.length !== 2 * axes.length || pads.some((size) => size < 0))
        return null
      const side = (dim: number, end: 0 | 1) => (axes.includes(dim) ? pads[axes.indexOf(dim) + end * axes.length]! : 0)
      if ([0, 1].some((dim) => side(dim, 0) + side(dim, 1) > 0)) return null
      return {
        attributes: {
          padding: [side(2, 0), side(3, 0), side(2, 1), side(3, 1)],
          value: (node.inputs[1] ? node.numbers(2)?.[0] : node.float('value', 0)) ?? 0,
        },
      }
    },
  },
  onnx: (emit, _shapes, { padding: [top, left, bottom, right], value }) => {
    const pads = emit.constant('pads', [8], [0, 0, top, left, 0, 0, bottom, right].map(BigInt))
    emit.node('Pad', [emit.inputs[0]!, pads, emit.constant('value', [], Float32Array.of(value))], emit.outputs)
  },
  tfjs: (tf, { attributes: { padding, value } }) => {
    const [top, left, bottom, right] = padding
    const pads: [number, number][] = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]
    return ([x]) => tf.pad(x!, pads, value)
  },
})
