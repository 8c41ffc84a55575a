import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { sum } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { perImage, type Shape } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { integers, scalar } from './shared/onnx-emit.ts'
import { featureMap } from './shared/spatial.ts'

const border = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
const modes = ['constant', 'reflect', 'edge'] as const
type Mode = (typeof modes)[number]

const Attributes = Type.Object({
  padding: Type.Union([border, Type.Array(border, { minItems: 1, maxItems: 16 })], {
    description:
      'One number for both ends of each dim, one for each dim, or all before the dims and then all after: [height, width] and [top, left, bottom, right] of a map.',
  }),
  dims: Type.Optional(
    Type.Array(Type.Integer(), {
      minItems: 1,
      maxItems: 8,
      description: 'Dims that get a border; the batch is dim 0. Default [2, 3], rows and columns of a map.',
    }),
  ),
  mode: Type.Optional(
    Type.Enum([...modes], {
      description: 'One value, the inside mirrored at its outermost element, or that element again. Default constant.',
    }),
  ),
  value: Type.Optional(
    Type.Union([Type.Number(), Type.Literal('-Infinity'), Type.Literal('Infinity')], {
      description: 'What a constant border holds; "-Infinity" is what max pooling pads with. Default 0.',
    }),
  ),
})

interface PadAttributes {
  /** Before each of the dims, then after each; any other length is refused by the shape rule. */
  padding: readonly number[]
  /** Absent for [2, 3]. */
  dims?: readonly number[]
  /** Absent for constant. */
  mode?: Exclude<Mode, 'constant'>
  value: number | 'Infinity' | '-Infinity'
}

const map = [2, 3]
const isMap = (dims: readonly number[]): boolean => dims.length === 2 && dims[0] === 2 && dims[1] === 3

/** JSON has no infinite number. */
const spelled = (value: number): PadAttributes['value'] =>
  Math.abs(value) === Number.POSITIVE_INFINITY ? (value > 0 ? 'Infinity' : '-Infinity') : value

/** [before, after] of every dim of the tensor. @throws ShapeError where they do not fit it. */
function borders(x: Shape, { padding, dims, mode }: PadAttributes): [number, number][] {
  if (dims === undefined) featureMap(x, 'Pad')
  const given = dims ?? map
  if (padding.length !== 2 * given.length)
    throw new ShapeError(
      `padding has ${padding.length} numbers, but ${given.length} dims take 1, ${given.length} or ${2 * given.length}`,
      'padding',
    )
  const all = x.map((): [number, number] => [0, 0])
  const indices = given.map((dim) => dimOf(dim, x, 'dims'))
  if (new Set(indices).size < indices.length) throw new ShapeError(`dims [${given.join(', ')}] holds a dim twice of ${perImage(x)}`, 'dims')
  indices.forEach((dim, i) => {
    const border: [number, number] = [padding[i]!, padding[given.length + i]!]
    if (mode === 'reflect' && Math.max(...border) >= x[dim]!)
      throw new ShapeError(`a border of ${Math.max(...border)} cannot mirror a dim of ${x[dim]}: at most ${x[dim]! - 1} can`, 'padding')
    all[dim] = border
  })
  return all
}

/** The element that each element of a padded dim repeats. */
function sources(size: number, [before, after]: readonly [number, number], mode: Exclude<Mode, 'constant'>): Int32Array {
  return Int32Array.from({ length: before + size + after }, (_, i) => {
    const place = i - before
    if (mode === 'edge') return Math.min(Math.max(place, 0), size - 1)
    const last = size - 1
    return last - Math.abs(last - Math.abs(place))
  })
}

/** Border around a tensor, as PyTorch's `nn.ConstantPad`, `ReflectionPad` and `ReplicationPad`: moves data, no arithmetic. */
export const pad = defineOp({
  type: 'Pad',
  summary: 'Puts a border around a tensor, by default around a map: constant, mirrored or repeated.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): PadAttributes => {
    const dims = raw.dims ?? map
    const given = typeof raw.padding === 'number' ? dims.map(() => raw.padding as number) : raw.padding
    return {
      padding: given.length === dims.length ? [...given, ...given] : [...given],
      ...(isMap(dims) ? {} : { dims: [...dims] }),
      ...(raw.mode === undefined || raw.mode === 'constant' ? {} : { mode: raw.mode }),
      value: raw.value ?? 0,
    }
  },
  shape: ([x], a) => [borders(x!, a).map((border, i) => sum(x![i]!, ...border))],
  batchIn: (dim, [x], a) => {
    const [low, high] = borders(x!, a)[dim]!
    return low + high === 0
  },
  quantities: () => ({}),
  fromOnnx: {
    // Until opset 10 pads and value are attributes.
    Pad: (node) => {
      const inputs = node.inputs[1] !== undefined
      const pads = inputs ? node.numbers(1) : node.ints('pads')
      const rank = node.inputs[0]!.shape.length
      const axes = node.numbers(3)?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? Array.from({ length: rank }, (_, i) => i)
      const mode = modes.find((each) => each === node.text('mode', 'constant'))
      if (!mode || pads?.length !== 2 * axes.length || pads.some((size) => size < 0)) return null
      const side = (dim: number, end: 0 | 1) => (axes.includes(dim) ? pads[axes.indexOf(dim) + end * axes.length]! : 0)
      const wide = Array.from({ length: rank }, (_, dim) => dim).filter((dim) => side(dim, 0) + side(dim, 1) > 0)
      if (wide.includes(0)) return null
      const dims = rank === 4 && !wide.includes(1) ? map : wide.length > 0 ? wide : [rank - 1]
      return {
        attributes: {
          padding: [...dims.map((dim) => side(dim, 0)), ...dims.map((dim) => side(dim, 1))],
          dims,
          mode,
          value: spelled((inputs ? node.numbers(2)?.[0] : node.float('value', 0)) ?? 0),
        },
      }
    },
  },
  onnx: (emit, { inputs }, a) => {
    const each = borders(inputs[0]!, a)
    const all = [...each.map(([before]) => before), ...each.map(([, after]) => after)]
    const pads = integers(emit, 'pads', all)
    if (a.mode) emit.node('Pad', [emit.inputs[0]!, pads], emit.outputs, { mode: a.mode })
    else emit.node('Pad', [emit.inputs[0]!, pads, scalar(emit, 'value', Number(a.value))], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const [x] = inputs as [Shape]
    const each = borders(x, a)
    const { mode } = a
    if (!mode) {
      const laidOut = each.map((): [number, number] => [0, 0])
      each.forEach((border, dim) => (laidOut[tfjsAxis(dim, x.length)] = border))
      return ([given]) => tf.pad(given!, laidOut, Number(a.value))
    }
    const along = each.flatMap((border, dim) =>
      border[0] + border[1] === 0 ? [] : [{ axis: tfjsAxis(dim, x.length), from: tf.tensor1d(sources(x[dim]!, border, mode), 'int32') }],
    )
    return ([given]) => along.reduce((y, { axis, from }) => tf.gather(y, from, axis), given!)
  },
})
