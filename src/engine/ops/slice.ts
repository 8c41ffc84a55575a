import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { cuts } from '../formats/onnx-import/shapes.ts'
import type { OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, takes } from '../op.ts'
import type { Shape } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const position = (description: string) => Type.Integer({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1, description })
const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim that is cut; the batch is dim 0. Default 1, the channels.' })),
  start: position('First index kept; negative counts from the end.'),
  end: Type.Optional(position('First index no longer kept; negative counts from the end. Default: to the end.')),
  step: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Keeps every step-th index. Default 1.' })),
})

interface SliceAttributes {
  dim: number
  start: number
  end?: number
  step: number
}

/** The range as non-negative indices, clipped to the dim as Python does. @throws ShapeError where nothing is left. */
function range(x: Shape, a: SliceAttributes): { dim: number; start: number; end: number; size: number } {
  const dim = dimOf(a.dim, x)
  const whole = x[dim]!
  const index = (value: number) => Math.min(whole, Math.max(0, value < 0 ? whole + value : value))
  const start = index(a.start)
  const end = index(a.end ?? whole)
  if (end <= start)
    throw new ShapeError(`start ${a.start} to end ${a.end ?? whole} leaves nothing of the ${whole} along dim ${a.dim}`, 'start')
  return { dim, start, end, size: Math.ceil((end - start) / a.step) }
}

/** The one range that an ONNX node cuts, or null where it cuts several or steps back. */
function cutOf(node: OnnxNode): Record<string, unknown> | null {
  const [starts, ends] = node.inputs[1] ? [node.numbers(1), node.numbers(2)] : [node.ints('starts'), node.ints('ends')]
  const axes = node.inputs[3] ? node.numbers(3) : node.ints('axes')
  const shape = node.inputs[0]!.shape
  const all = cuts(shape, starts ?? [], ends ?? [], axes, node.numbers(4)).filter(
    ({ axis, start, size, step }) => start !== 0 || size !== shape[axis] || step !== 1,
  )
  if (all.length > 1 || all.some(({ step }) => step < 0)) return null
  const { axis, start, size, step } = all[0] ?? { axis: 0, start: 0, size: 0, step: 1 }
  return all.length === 0
    ? { dim: shape.length - 1, start: 0 }
    : { dim: axis, start, end: Math.min(start + size * step, shape[axis]!), step }
}

/** Part of a tensor along one dim, as `x[:, start:end:step]` in PyTorch: moves data, no arithmetic. */
export const slice = defineOp({
  type: 'Slice',
  summary: 'Keeps a range of a dim, by default of the channels.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): SliceAttributes => ({
    dim: raw.dim ?? 1,
    start: raw.start,
    ...(raw.end === undefined ? {} : { end: raw.end }),
    step: raw.step ?? 1,
  }),
  shape: ([x], a) => {
    const { dim, size } = range(x!, a)
    return [x!.map((whole, i) => (i === dim ? size : whole))]
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: () => ({}),
  field: ({ inputs }, a) => {
    const dim = dimOf(a.dim, inputs[0]!)
    if (inputs[0]!.length !== 4 || dim === 1) return 'elementwise'
    return { kernel: [1, 1], stride: dim === 2 ? [a.step, 1] : [1, a.step], dilation: [1, 1] }
  },
  fromOnnx: {
    Slice: (node) => {
      const attributes = cutOf(node)
      return attributes && { attributes }
    },
  },
  onnx: (emit, { inputs }, a) => {
    const { dim, start, end } = range(inputs[0]!, a)
    const one = (hint: string, value: number) => integers(emit, hint, [value])
    emit.node('Slice', [emit.inputs[0]!, one('starts', start), one('ends', end), one('axes', dim), one('steps', a.step)], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const { dim, start, end } = range(inputs[0]!, a)
    const axis = tfjsAxis(dim, inputs[0]!.length)
    return ([x]) => {
      const along = (value: number, otherwise: (size: number) => number) =>
        x!.shape.map((size, i) => (i === axis ? value : otherwise(size)))
      const begin = along(start, () => 0)
      if (a.step === 1)
        return tf.slice(
          x!,
          begin,
          along(end - start, (size) => size),
        )
      return tf.stridedSlice(
        x!,
        begin,
        along(end, (size) => size),
        along(a.step, () => 1),
      )
    }
  },
})
