import type { Constant, Source } from '../constant.ts'
import { axisOf, numelOfDims } from '../shapes.ts'
import { type Fold, later } from './folding.ts'

/** The tensor of whole numbers that weights are kept as: it is what is learned. */
const sourceOf = (x: Constant): Source[] =>
  x.sources.length > 0
    ? [...x.sources]
    : [
        {
          tensor: x.name,
          elements: numelOfDims(x.shape),
          initializer: true,
          quantized: true,
          read: () => x.read(),
          readBytes: x.readBytes,
          ...(x.dataType === undefined ? {} : { dataType: x.dataType }),
        },
      ]

/** Numbers taken off their scale: one for all, one along a dim, or one for each block of it. */
export const dequantizeLinear: Fold = (node, [x, scale, zero]) => {
  if (!x || !scale || scale.element !== 'float') return null
  const rank = x.shape.length
  const single = numelOfDims(scale.shape) === 1
  const axis = single ? 0 : axisOf(node.attributes.int('axis', 1), rank)
  const block = node.attributes.int('block_size', 0)
  if (!single && block === 0 && (scale.shape.length !== 1 || scale.shape[0] !== x.shape[axis]))
    throw new Error(`there is no scale for each place along dim ${axis}`)
  const inner = numelOfDims(x.shape.slice(axis + 1))
  const size = x.shape[axis] ?? 1
  const blocks = block > 0 ? Math.ceil(size / block) : size
  if (block > 0 && numelOfDims(scale.shape) !== (numelOfDims(x.shape) / size) * blocks)
    throw new Error(`there is no scale for each block of ${block}`)
  const at = (i: number): number => {
    if (single) return 0
    const along = Math.floor(i / inner) % size
    return block > 0 ? (Math.floor(i / inner / size) * blocks + Math.floor(along / block)) * inner + (i % inner) : along
  }
  const read = () => {
    const [numbers, by, from] = [x.read(), scale.read(), zero?.read()]
    if (!numbers || !by || (zero && !from)) return null
    const made = new Float32Array(numbers.length)
    for (let i = 0; i < made.length; i++) {
      const place = at(i)
      made[i] = (numbers[i]! - (from ? from[from.length === 1 ? 0 : place]! : 0)) * by[place]!
    }
    return made
  }
  return later('float', x.shape, read).map((folded) => ({ ...folded, sources: sourceOf(x) }))
}
