import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { perImage } from '../shape.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  repeats: Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
    minItems: 1,
    maxItems: 8,
    description: 'How often each dim is repeated, lined up from the last; dims before those listed stay as they are.',
  }),
})

/** One number for each dim of a tensor of this rank. */
const perDim = (repeats: readonly number[], rank: number): number[] => [...new Array<number>(rank - repeats.length).fill(1), ...repeats]

/** Repeats a tensor along its dims, as NumPy's and PyTorch's `tile`: moves data, no arithmetic. */
export const tile = defineOp({
  type: 'Tile',
  summary: 'Repeats a tensor along its dims.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ repeats: [...raw.repeats] }),
  shape: ([x], { repeats }) => {
    if (repeats.length > x!.length)
      throw new ShapeError(
        `repeats has ${repeats.length} numbers, but ${perImage(x!)} with the batch before it has ${x!.length} dims: use at most that many`,
        'repeats',
      )
    const each = perDim(repeats, x!.length)
    return [x!.map((size, i) => product(size, each[i]!))]
  },
  batchIn: (dim, [x], { repeats }) => perDim(repeats, x!.length)[dim] === 1,
  quantities: () => ({}),
  // Each position comes from one of the input, but neighbors are not a fixed step apart.
  field: ({ inputs }, { repeats }) =>
    perDim(repeats, inputs[0]!.length)
      .slice(2)
      .every((n) => n === 1)
      ? 'elementwise'
      : 'global',
  fromOnnx: {
    Tile: (node) => {
      const repeats = node.numbers(1)
      if (!repeats || repeats.length === 0 || repeats.some((n) => n < 1)) return null
      return { attributes: { repeats: repeats.length > 1 && repeats[0] === 1 ? repeats.slice(1) : [...repeats] } }
    },
  },
  onnx: (emit, { inputs }, { repeats }) => {
    const each = perDim(repeats, inputs[0]!.length)
    emit.node('Tile', [emit.inputs[0]!, integers(emit, 'repeats', each)], emit.outputs)
  },
  tfjs: (tf, { attributes: { repeats }, inputs }) => {
    const rank = inputs[0]!.length
    const each = perDim(repeats, rank)
    const laidOut = [...each]
    each.forEach((n, dim) => (laidOut[tfjsAxis(dim, rank)] = n))
    return ([x]) => tf.tile(x!, laidOut)
  },
})
