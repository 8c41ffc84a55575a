import { standInShape } from '../../onnx-names.ts'
import { blankNumbers, bytesOf } from '../budget.ts'
import type { Constant } from '../constant.ts'
import { axisOf, numelOfDims } from '../shapes.ts'
import { constantOf } from '../tensor.ts'
import { type Fold, later, now, small, stridesOf } from './folding.ts'
import { axesGiven } from './layout.ts'

const constant: Fold = (node, _inputs, budget) => {
  const { attributes: a } = node
  const tensor = a.tensor('value')
  if (tensor) {
    const { element, shape, read, sources, readBytes } = constantOf(tensor, node.name, false)
    return [{ element, shape, read, sources, makes: readBytes }]
  }
  if (a.has('value_float')) return now(node, budget, 'float', [], (own) => own.fill(a.float('value_float', 0)))
  if (a.has('value_int')) return now(node, budget, 'integer', [], (own) => own.fill(a.int('value_int', 0)))
  const floats = a.floats('value_floats')
  if (floats) return now(node, budget, 'float', [floats.length], (own) => own.set(floats))
  const ints = a.ints('value_ints')
  return ints ? now(node, budget, 'integer', [ints.length], (own) => own.set(ints)) : null
}

const constantOfShape: Fold = (node, [sizes], budget) => {
  const shape = small(sizes, budget)
  if (!shape || shape.some((size) => !Number.isInteger(size) || size < 0) || shape.length > 16) return null
  const tensor = node.attributes.tensor('value')
  const fill: Constant | null = tensor ? constantOf(tensor, node.name, false) : null
  const number = fill ? budget.read(fill)?.[0] : 0
  const elements = numelOfDims(shape)
  if (number === undefined || elements > 2 ** 40) return null
  const element = fill?.element ?? 'float'
  const make = (length: number) => blankNumbers(element, length).fill(number)
  const repeats = {
    kind: 'constant' as const,
    name: node.name,
    element,
    shape: shape.map(() => 1),
    read: () => make(1),
    readBytes: 8,
    sources: [],
    wide: null,
  }
  // A weightless file may hold its weights in this form.
  const standsIn = element === 'float' && elements > 1 && sizes?.name.endsWith(standInShape)
  const source = { tensor: node.name, elements, initializer: false, standIn: true as const, read: () => null, readBytes: 0 }
  const held = standsIn ? { blank: true, sources: [source] } : {}
  return later(element, shape, () => make(elements)).map((folded) => ({ ...folded, repeats, ...held }))
}

const range: Fold = (node, inputs, budget) => {
  const [start, limit, delta] = inputs.map((input) => small(input, budget)?.[0])
  if (start === undefined || limit === undefined || delta === undefined) return null
  if (delta === 0) throw new Error('a range by steps of 0 has no end')
  const element = inputs[0]?.element ?? 'integer'
  const length = Math.max(0, Math.ceil((element === 'float' ? Math.fround(limit - start) : limit - start) / delta))
  budget.fits(bytesOf(element, [length]), node.label)
  return later(element, [length], () => blankNumbers(element, length).map((_, i) => start + i * delta))
}

/** Sums or products along a dim up to each element, that one among them unless `exclusive`. */
const cumulative =
  (start: number, join: (left: number, right: number) => number): Fold =>
  (node, [x, axis], budget) => {
    const at = axis && small(axis, budget)?.[0]
    if (!x || at === undefined || x.element === 'text') return null
    const dim = axisOf(at, x.shape.length)
    const size = x.shape[dim]!
    const inner = numelOfDims(x.shape.slice(dim + 1))
    const [exclusive, reverse] = [node.attributes.int('exclusive', 0) === 1, node.attributes.int('reverse', 0) === 1]
    return later(x.element, x.shape, () => {
      const numbers = x.read()
      if (!numbers) return null
      const made = blankNumbers(x.element, numbers.length)
      for (let row = 0; row < numbers.length; row += size * inner)
        for (let column = 0; column < inner; column++)
          for (let i = 0, joined = start; i < size; i++) {
            const place = row + (reverse ? size - 1 - i : i) * inner + column
            if (exclusive) made[place] = joined
            joined = join(joined, numbers[place]!)
            if (!exclusive) made[place] = joined
          }
      return made
    })
  }

/** How a reduction joins elements: an accumulator, and what becomes of it. */
interface Reduction {
  join(left: number, right: number): number
  /** Of an element before it is joined. */
  each?(x: number): number
  last?(joined: number, count: number): number
}

const reduction =
  ({ join, each, last }: Reduction): Fold =>
  (node, [x, axes], budget) => {
    const given = axesGiven(node, axes, budget)
    if (!x || given === null || x.element === 'text') return null
    if (!given?.length && node.attributes.int('noop_with_empty_axes', 0) === 1) return later(x.element, x.shape, () => x.read(), 0)
    const along = new Set(given?.length ? given.map((axis) => axisOf(axis, x.shape.length)) : x.shape.map((_, i) => i))
    const kept = x.shape.map((size, i) => (along.has(i) ? 1 : size))
    const elements = numelOfDims(x.shape)
    // Nothing along a dim has neither largest nor sum here.
    if (elements === 0) return null
    const shape = node.attributes.int('keepdims', 1) === 1 ? kept : x.shape.filter((_, i) => !along.has(i))
    const read = () => {
      const numbers = x.read()
      if (!numbers) return null
      const steps = stridesOf(kept).map((step, dim) => (along.has(dim) ? 0 : step))
      const sums = new Float64Array(numelOfDims(kept))
      const begun = new Uint8Array(sums.length)
      walk(x.shape, steps, (at, i) => {
        const number = each ? each(numbers[i]!) : numbers[i]!
        sums[at] = begun[at] ? join(sums[at]!, number) : number
        begun[at] = 1
      })
      const joined = blankNumbers(x.element, sums.length)
      for (let i = 0; i < sums.length; i++) joined[i] = last ? last(sums[i]!, elements / sums.length) : sums[i]!
      return joined
    }
    // Time goes with what is read.
    return [{ element: x.element, shape, read, makes: 3 * bytesOf('integer', kept) + bytesOf(x.element, x.shape) }]
  }

/** Goes through a tensor in order: `at` is where a second one stands that goes on by `steps`. */
function walk(shape: readonly number[], steps: readonly number[], visit: (at: number, i: number) => void): void {
  const position = new Array<number>(shape.length).fill(0)
  const length = numelOfDims(shape)
  let at = 0
  for (let i = 0; i < length; i++) {
    visit(at, i)
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      at += steps[dim]!
      if (++position[dim]! < shape[dim]!) break
      at -= steps[dim]! * shape[dim]!
      position[dim] = 0
    }
  }
}

const sum = (a: number, b: number): number => a + b
const square = (x: number): number => x * x

/** Batch normalization of weights, by their own mean and variance, as weight standardization is written. */
const batchNorm: Fold = (node, [x, scale, shift, mean, variance]) => {
  if (!x || !scale || !shift || x.shape.length < 2) return null
  const training = node.attributes.int('training_mode', 0) === 1
  if (!training && (!mean || !variance)) return null
  const channels = x.shape[1]!
  const given = training ? [scale, shift] : [scale, shift, mean!, variance!]
  if (given.some(({ shape }) => numelOfDims(shape) !== channels)) throw new Error(`there are ${channels} channels, and other scales`)
  const epsilon = node.attributes.float('epsilon', 1e-5)
  const elements = numelOfDims(x.shape)
  const inner = numelOfDims(x.shape.slice(2))
  const channel = (i: number) => Math.floor(i / inner) % channels
  const statistics = (numbers: ArrayLike<number>): [ArrayLike<number> | null, ArrayLike<number> | null] => {
    if (!training) return [mean!.read(), variance!.read()]
    const [means, squares] = [new Float64Array(channels), new Float64Array(channels)]
    const count = elements / channels
    for (let i = 0; i < elements; i++) means[channel(i)]! += numbers[i]! / count
    for (let i = 0; i < elements; i++) squares[channel(i)]! += (numbers[i]! - means[channel(i)]!) ** 2 / count
    return [means, squares]
  }
  const read = () => {
    const [numbers, by, and] = [x.read(), scale.read(), shift.read()]
    const [means, variances] = numbers ? statistics(numbers) : [null, null]
    if (!numbers || !by || !and || !means || !variances) return null
    const made = new Float32Array(elements)
    for (let i = 0; i < elements; i++) {
      const c = channel(i)
      made[i] = ((numbers[i]! - means[c]!) / Math.sqrt(variances[c]! + epsilon)) * by[c]! + and[c]!
    }
    return made
  }
  // In training the statistics that it is given are those of the file, which it does not look at; else they are computed of the weight.
  const sources = [...new Set([x, scale, shift].flatMap((input) => input.sources))]
  return later(x.element, x.shape, read, 4).map((folded) => ({ ...folded, sources }))
}

/** Operators that make tensors out of numbers, or numbers out of tensors. */
export const making: Readonly<Record<string, Fold>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  CumSum: cumulative(0, sum),
  CumProd: cumulative(1, (a, b) => a * b),
  BatchNormalization: batchNorm,
  ReduceProd: reduction({ join: (a, b) => a * b }),
  ReduceSum: reduction({ join: sum }),
  ReduceMean: reduction({ join: sum, last: (total, count) => total / count }),
  ReduceSumSquare: reduction({ join: sum, each: square }),
  ReduceL1: reduction({ join: sum, each: Math.abs }),
  ReduceL2: reduction({ join: sum, each: square, last: Math.sqrt }),
  ReduceMax: reduction({ join: Math.max }),
  ReduceMin: reduction({ join: Math.min }),
}
