import { blankNumbers } from '../budget.ts'
import type { Constant } from '../constant.ts'
import { flattened, numelOfDims, reshaped, squeezed, unsqueezed } from '../shapes.ts'
import { elementOf } from '../tensor.ts'
import { broadcastShapes, broadcastSteps, type Fold, type Folded, later, mostElements, pick, small, stridesOf } from './folding.ts'

/** The same elements, in the same order, under another shape. */
const renamed = (x: Constant, shape: readonly number[]): Folded[] => [{ element: x.element, shape, read: () => x.read(), makes: 0 }]

/** Axes of an operator that has them as an attribute in older opsets, as input 1 in newer ones; null where they are not known. */
export function axesGiven(
  node: Parameters<Fold>[0],
  input: Constant | undefined,
  budget: Parameters<Fold>[2],
): readonly number[] | null | undefined {
  if (!input) return node.attributes.ints('axes')
  return small(input, budget)
}

const expand: Fold = (_node, [x, to], budget) => {
  const wanted = small(to, budget)
  if (!x || !wanted) return null
  const shape = broadcastShapes(x.shape, wanted)
  const base =
    shape.length === x.shape.length ? x : { ...x, shape: [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape] }
  return later(x.element, shape, () => {
    const numbers = x.read()
    return numbers && pick(numbers, shape, broadcastSteps(x.shape, shape))
  }).map((folded) => ({ ...folded, repeats: base }))
}

const tile: Fold = (_node, [x, repeats], budget) => {
  const times = small(repeats, budget)
  if (!x || !times || times.length !== x.shape.length) return null
  const shape = x.shape.map((size, i) => size * (times[i] as number))
  if (numelOfDims(shape) > mostElements || times.some((n) => n < 0)) return null
  // Each dim as (times, size): a step of 0 along the first.
  const split = x.shape.flatMap((size, i) => [times[i] as number, size])
  const steps = stridesOf(x.shape).flatMap((stride) => [0, stride])
  return later(x.element, shape, () => {
    const numbers = x.read()
    return numbers && pick(numbers, split, steps)
  })
}

/** Operators that move elements and compute none. */
export const layout: Readonly<Record<string, Fold>> = {
  Identity: (_node, [x]) => (x ? renamed(x, x.shape) : null),
  Dropout: (_node, [x]) => (x ? renamed(x, x.shape) : null),
  Cast: (node, [x]) => (x ? cast(x, elementOf(node.attributes.int('to', 0))) : null),
  CastLike: (_node, [x, like]) => (x && like ? cast(x, like.element) : null),
  Reshape: (node, [x, to], budget) => {
    const raw = to ? small(to, budget) : node.attributes.ints('shape')
    return x && raw ? renamed(x, reshaped(x.shape, raw, node.attributes.int('allowzero', 0) === 1)) : null
  },
  Squeeze: (node, [x, axes], budget) => {
    const given = axesGiven(node, axes, budget)
    return x && given !== null ? renamed(x, squeezed(x.shape, given)) : null
  },
  Unsqueeze: (node, [x, axes], budget) => {
    const given = axesGiven(node, axes, budget)
    if (!x || !given) return null
    const { repeats } = x
    const own = repeats?.shape.length === x.shape.length ? { repeats: { ...repeats, shape: unsqueezed(repeats.shape, given) } } : {}
    return renamed(x, unsqueezed(x.shape, given)).map((folded) => ({ ...folded, ...own }))
  },
  Flatten: (node, [x]) => (x ? renamed(x, flattened(x.shape, node.attributes.int('axis', 1))) : null),
  Transpose: (node, [x]) => {
    if (!x) return null
    const perm = node.attributes.ints('perm') ?? x.shape.map((_, i) => x.shape.length - 1 - i)
    if (perm.length !== x.shape.length || !x.shape.every((_, i) => perm.includes(i)))
      throw new Error(`perm [${perm.join(', ')}] is no permutation`)
    const strides = stridesOf(x.shape)
    const shape = perm.map((dim) => x.shape[dim] as number)
    return later(x.element, shape, () => {
      const numbers = x.read()
      return (
        numbers &&
        pick(
          numbers,
          shape,
          perm.map((dim) => strides[dim] as number),
        )
      )
    })
  },
  Expand: expand,
  Tile: tile,
}

function cast(x: Constant, element: Constant['element']) {
  if (element === 'text' || x.element === 'text') return null
  if (element === x.element) return renamed(x, x.shape)
  const convert = element === 'float' ? Math.fround : element === 'boolean' ? (n: number) => (n ? 1 : 0) : Math.trunc
  return later(element, x.shape, () => {
    const numbers = x.read()
    if (!numbers) return null
    const converted = blankNumbers(element, numbers.length)
    for (let i = 0; i < numbers.length; i++) converted[i] = convert(numbers[i] as number)
    return converted
  })
}
