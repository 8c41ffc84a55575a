import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { evenly } from '../formats/onnx-import/shapes.ts'
import { defineOp, takes } from '../op.ts'
import type { Shape } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

/** Outputs of one layer, so that no attribute can ask for a list without bound. */
const maxOutputs = 1024

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim that is cut; the batch is dim 0. Default 1, the channels.' })),
  sizes: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1 }), {
      minItems: 1,
      maxItems: maxOutputs,
      description: 'Size of each output along dim; they add up to the whole.',
    }),
  ),
  chunks: Type.Optional(Type.Integer({ minimum: 1, maximum: maxOutputs, description: 'Number of equal outputs; must divide the dim.' })),
})

interface SplitAttributes {
  dim: number
  sizes?: readonly number[]
  chunks?: number
}

/** Sizes along `dim`. @throws ShapeError where they do not add up to the whole. */
function pieces(x: Shape, a: SplitAttributes): { dim: number; sizes: readonly number[] } {
  const dim = dimOf(a.dim, x)
  const whole = x[dim]!
  if ((a.sizes === undefined) === (a.chunks === undefined)) throw new ShapeError('Split takes either sizes or chunks: give one of them')
  if (a.chunks !== undefined) {
    if (whole % a.chunks !== 0)
      throw new ShapeError(`chunks ${a.chunks} must divide the ${whole} along dim ${a.dim}: give sizes for uneven parts`, 'chunks')
    return { dim, sizes: new Array<number>(a.chunks).fill(whole / a.chunks) }
  }
  const sizes = a.sizes!
  const total = sizes.reduce((left, right) => left + right, 0)
  if (total !== whole) throw new ShapeError(`sizes add up to ${total}, but there are ${whole} along dim ${a.dim}`, 'sizes')
  return { dim, sizes }
}

/** Cuts a tensor along a dim, as PyTorch's `torch.split`: moves data, no arithmetic. Outputs are `id`, `id:1`, … */
export const split = defineOp({
  type: 'Split',
  summary: 'Cuts a tensor along a dim into several outputs.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): SplitAttributes => ({
    dim: raw.dim ?? 1,
    ...(raw.sizes === undefined ? {} : { sizes: [...raw.sizes] }),
    ...(raw.chunks === undefined ? {} : { chunks: raw.chunks }),
  }),
  shape: ([x], a) => {
    const { dim, sizes } = pieces(x!, a)
    return sizes.map((size) => x!.map((whole, i) => (i === dim ? size : whole)))
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: () => ({}),
  fromOnnx: {
    Split: (node) => {
      const dim = node.int('axis', 0)
      const whole = node.inputs[0]!.shape.at(dim) ?? 0
      const sizes = (node.inputs[1] ? node.numbers(1) : node.ints('split')) ?? evenly(whole, node.int('num_outputs', node.outputs))
      return { attributes: { dim, sizes: [...sizes] } }
    },
  },
  onnx: (emit, { inputs }, a) => {
    const { dim, sizes } = pieces(inputs[0]!, a)
    emit.node('Split', [emit.inputs[0]!, integers(emit, 'sizes', sizes)], emit.outputs, { axis: dim })
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const { dim, sizes } = pieces(inputs[0]!, a)
    const axis = tfjsAxis(dim, inputs[0]!.length)
    return ([x]) => tf.split(x!, [...sizes], axis)
  },
})
