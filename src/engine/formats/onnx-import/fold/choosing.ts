import { blankNumbers } from '../budget.ts'
import { axisOf, cuts, evenly, numelOfDims } from '../shapes.ts'
import { type Fold, later, mostElements, now, pick, small, stridesOf } from './folding.ts'
import { axesGiven } from './layout.ts'

function indexAt(index: number, size: number): number {
  const at = index < 0 ? index + size : index
  if (!Number.isInteger(at) || at < 0 || at >= size) throw new Error(`index ${index} is out of range: there are ${size}`)
  return at
}

const gather: Fold = (node, [x, indices], budget) => {
  if (!x || !indices) return null
  const axis = axisOf(node.attributes.int('axis', 0), x.shape.length)
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  // Shapes follow from shapes, wherever the numbers are stored.
  if (indices.absent) return later(x.element, shape, () => null)
  const wanted = small(indices, budget)
  if (!wanted) return null
  const size = x.shape[axis] as number
  // Kept for as long as the result is.
  budget.keep(8 * wanted.length, node.label)
  const at = wanted.map((index) => indexAt(index, size))
  const outer = numelOfDims(x.shape.slice(0, axis))
  const inner = numelOfDims(x.shape.slice(axis + 1))
  return later(x.element, shape, () => {
    const numbers = x.read()
    if (!numbers) return null
    const picked = blankNumbers(x.element, outer * at.length * inner)
    let next = 0
    for (let o = 0; o < outer; o++)
      for (const index of at) for (let i = 0; i < inner; i++) picked[next++] = numbers[(o * size + index) * inner + i] as number
    return picked
  })
}

const gatherElements: Fold = (node, [x, indices], budget) => {
  const [numbers, wanted] = [small(x, budget), small(indices, budget)]
  if (!x || !indices || !numbers || !wanted || x.shape.length !== indices.shape.length) return null
  const axis = axisOf(node.attributes.int('axis', 0), x.shape.length)
  const strides = stridesOf(x.shape)
  const own = stridesOf(indices.shape)
  return now(node, budget, x.element, indices.shape, (picked) =>
    wanted.forEach((index, i) => {
      let at = 0
      for (let dim = 0; dim < strides.length; dim++) {
        const position = Math.floor(i / (own[dim] as number)) % (indices.shape[dim] as number)
        at += (dim === axis ? indexAt(index, x.shape[axis] as number) : position) * (strides[dim] as number)
      }
      picked[i] = numbers[at] as number
    }),
  )
}

/** Where in `shape` the rows of a list of positions begin. */
function starts(shape: readonly number[], positions: readonly number[], depth: number): number[] {
  const strides = stridesOf(shape)
  const rows: number[] = []
  for (let row = 0; row < positions.length / depth; row++) {
    let at = 0
    for (let dim = 0; dim < depth; dim++)
      at += indexAt(positions[row * depth + dim] as number, shape[dim] as number) * (strides[dim] as number)
    rows.push(at)
  }
  return rows
}

const gatherNd: Fold = (node, [x, indices], budget) => {
  const positions = small(indices, budget)
  const depth = indices?.shape.at(-1)
  if (!x || !indices || !positions || !depth || depth > x.shape.length || node.attributes.int('batch_dims', 0) !== 0) return null
  const inner = x.shape.slice(depth)
  const length = numelOfDims(inner)
  if (length * (positions.length / depth) > mostElements) return null
  // Kept for as long as the result is.
  budget.keep(8 * positions.length, node.label)
  const rows = starts(x.shape, positions, depth)
  return later(x.element, [...indices.shape.slice(0, -1), ...inner], () => {
    const numbers = x.read()
    if (!numbers) return null
    const picked = blankNumbers(x.element, rows.length * length)
    rows.forEach((at, row) => {
      for (let i = 0; i < length; i++) picked[row * length + i] = numbers[at + i] as number
    })
    return picked
  })
}

const scatterNd: Fold = (node, [x, indices, updates], budget) => {
  const positions = small(indices, budget)
  const depth = indices?.shape.at(-1)
  if (!x || !updates || !positions || !depth || depth > x.shape.length || node.attributes.text('reduction', 'none') !== 'none') return null
  const length = numelOfDims(x.shape.slice(depth))
  if (numelOfDims(x.shape) > mostElements) return null
  budget.keep(8 * positions.length, node.label)
  const rows = starts(x.shape, positions, depth)
  if (numelOfDims(updates.shape) !== rows.length * length)
    throw new Error(`there are ${rows.length} places for updates of ${updates.shape.join('×')}`)
  return later(x.element, x.shape, () => {
    const [numbers, values] = [x.read(), updates.read()]
    if (!numbers || !values) return null
    const scattered = blankNumbers(x.element, numbers.length)
    scattered.set(numbers)
    rows.forEach((at, row) => {
      for (let i = 0; i < length; i++) scattered[at + i] = values[row * length + i] as number
    })
    return scattered
  })
}

/** Elements put at places along one dim. */
const scatterElements: Fold = (node, [x, indices, updates], budget) => {
  const wanted = small(indices, budget)
  if (!x || !indices || !updates || !wanted || node.attributes.text('reduction', 'none') !== 'none') return null
  if (numelOfDims(x.shape) > mostElements) return null
  const axis = axisOf(node.attributes.int('axis', 0), x.shape.length)
  if (indices.shape.length !== x.shape.length || numelOfDims(updates.shape) !== wanted.length)
    throw new Error(`indices of ${indices.shape.join('×')} do not go with updates of ${updates.shape.join('×')}`)
  const strides = stridesOf(x.shape)
  const own = stridesOf(indices.shape)
  budget.keep(8 * wanted.length, node.label)
  return later(x.element, x.shape, () => {
    const [numbers, values] = [x.read(), updates.read()]
    if (!numbers || !values) return null
    const made = blankNumbers(x.element, numbers.length)
    made.set(numbers)
    wanted.forEach((index, i) => {
      let at = 0
      for (let dim = 0; dim < strides.length; dim++) {
        const position = Math.floor(i / own[dim]!) % indices.shape[dim]!
        at += (dim === axis ? indexAt(index, x.shape[axis]!) : position) * strides[dim]!
      }
      made[at] = values[i]!
    })
    return made
  })
}

/** What lies on one side of a diagonal; zeros elsewhere. */
const trilu: Fold = (node, [x, offset], budget) => {
  const k = offset ? small(offset, budget)?.[0] : 0
  if (!x || k === undefined || x.shape.length < 2) return null
  const upper = node.attributes.int('upper', 1) === 1
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  return later(x.element, x.shape, () => {
    const numbers = x.read()
    if (!numbers) return null
    const made = blankNumbers(x.element, numbers.length)
    for (let i = 0; i < made.length; i++) {
      const beyond = (i % columns) - (Math.floor(i / columns) % rows) - k
      if (upper ? beyond >= 0 : beyond <= 0) made[i] = numbers[i]!
    }
    return made
  })
}

/** A border of one number around a tensor, as around small filters that are added to larger ones. */
const pad: Fold = (node, [x, border, value, axes], budget) => {
  const pads = border ? small(border, budget) : node.attributes.ints('pads')
  const fill = value ? small(value, budget)?.[0] : node.attributes.float('value', 0)
  if (!x || !pads || fill === undefined || axes || node.attributes.text('mode', 'constant') !== 'constant') return null
  const rank = x.shape.length
  if (pads.length !== 2 * rank || pads.some((size) => size < 0)) return null
  const shape = x.shape.map((size, dim) => size + pads[dim]! + pads[dim + rank]!)
  if (numelOfDims(shape) > mostElements) return null
  const steps = stridesOf(shape)
  const start = pads.slice(0, rank).reduce((sum, size, dim) => sum + size * steps[dim]!, 0)
  const own = stridesOf(x.shape)
  return later(x.element, shape, () => {
    const numbers = x.read()
    if (!numbers) return null
    const made = blankNumbers(x.element, numelOfDims(shape)).fill(fill)
    for (let i = 0; i < numbers.length; i++) {
      let at = start
      for (let dim = 0; dim < rank; dim++) at += (Math.floor(i / own[dim]!) % x.shape[dim]!) * steps[dim]!
      made[at] = numbers[i]!
    }
    return made
  })
}

/** The second value where an index says so, the first everywhere else, along a dim of its own. */
const oneHot: Fold = (node, [indices, depth, values], budget) => {
  const [places, size] = [small(indices, budget), small(depth, budget)?.[0]]
  if (!indices || !values || !places || size === undefined || size < 1 || size * places.length > mostElements) return null
  const axis = axisOf(node.attributes.int('axis', -1), indices.shape.length + 1)
  const inner = numelOfDims(indices.shape.slice(axis))
  return later(values.element, [...indices.shape.slice(0, axis), size, ...indices.shape.slice(axis)], () => {
    const given = values.read()
    if (!given) return null
    const made = blankNumbers(values.element, size * places.length).fill(given[0]!)
    places.forEach((index, i) => {
      const at = index < 0 ? index + size : index
      // One that is out of range is nowhere.
      if (at >= 0 && at < size) made[Math.floor(i / inner) * size * inner + at * inner + (i % inner)] = given[1]!
    })
    return made
  })
}

const slice: Fold = (node, [x, starting, ending, axes, steps], budget) => {
  const begins = starting ? small(starting, budget) : node.attributes.ints('starts')
  const ends = ending ? small(ending, budget) : node.attributes.ints('ends')
  const along = axesGiven(node, axes, budget)
  const by = steps ? small(steps, budget) : undefined
  if (!x || !begins || !ends || along === null || by === null) return null
  const strides = stridesOf(x.shape)
  const shape = [...x.shape]
  const step = [...strides]
  let start = 0
  for (const cut of cuts(x.shape, begins, ends, along, by)) {
    shape[cut.axis] = cut.size
    step[cut.axis] = (strides[cut.axis] as number) * cut.step
    start += (strides[cut.axis] as number) * cut.start
  }
  return later(x.element, shape, () => {
    const numbers = x.read()
    return numbers && pick(numbers, shape, step, start)
  })
}

const concat: Fold = (node, inputs) => {
  const parts = inputs.filter((input) => input !== undefined)
  const first = parts[0]
  if (!first || parts.length !== inputs.length) return null
  const axis = axisOf(node.attributes.int('axis', node.opset < 4 ? 1 : 0), first.shape.length)
  for (const part of parts)
    if (part.shape.length !== first.shape.length || part.shape.some((size, i) => i !== axis && size !== first.shape[i]))
      throw new Error(`parts ${first.shape.join('×')} and ${part.shape.join('×')} do not meet along dim ${axis}`)
  const shape = first.shape.map((size, i) => (i === axis ? parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0) : size))
  const outer = numelOfDims(shape.slice(0, axis))
  // Repeated numbers are not looked at one by one: a grid of positions has its few along each dim.
  if (numelOfDims(shape) > mostElements && !parts.every(({ repeats }) => repeats)) return null
  const columns = axis === first.shape.length - 1 ? { columns: parts } : {}
  return later(first.element, shape, () => {
    const read: ArrayLike<number>[] = []
    for (const part of parts) {
      const numbers = part.read()
      if (!numbers) return null
      read.push(numbers)
    }
    const joined = blankNumbers(first.element, numelOfDims(shape))
    let next = 0
    for (let o = 0; o < outer; o++)
      for (const numbers of read) {
        const length = numbers.length / outer
        for (let i = 0; i < length; i++) joined[next++] = numbers[o * length + i] as number
      }
    return joined
  }).map((folded) => ({ ...folded, ...columns }))
}

const split: Fold = (node, [x, sizes], budget) => {
  if (!x) return null
  const axis = axisOf(node.attributes.int('axis', 0), x.shape.length)
  const given = sizes ? small(sizes, budget) : node.attributes.ints('split')
  if (given === null) return null
  const parts = given ?? evenly(x.shape[axis] as number, node.attributes.int('num_outputs', node.outputs))
  if (parts.length !== node.outputs || parts.reduce((a, b) => a + b, 0) !== x.shape[axis])
    throw new Error(`parts [${parts.slice(0, 8).join(', ')}] do not make up dim ${axis} of ${x.shape.join('×')}`)
  const strides = stridesOf(x.shape)
  let start = 0
  return parts.flatMap((size) => {
    const shape = x.shape.map((whole, i) => (i === axis ? size : whole))
    const from = start
    start += size * (strides[axis] as number)
    return later(x.element, shape, () => {
      const numbers = x.read()
      return numbers && pick(numbers, shape, strides, from)
    })
  })
}

const nonZero: Fold = (node, [x], budget) => {
  const numbers = small(x, budget)
  if (!x || !numbers) return null
  const found = [...numbers.keys()].filter((i) => numbers[i])
  const strides = stridesOf(x.shape)
  return now(node, budget, 'integer', [x.shape.length, found.length], (positions) =>
    x.shape.forEach((size, dim) =>
      found.forEach((i, at) => void (positions[dim * found.length + at] = Math.floor(i / (strides[dim] as number)) % size)),
    ),
  )
}

/** Operators that choose elements of tensors, cut them or join them. */
export const choosing: Readonly<Record<string, Fold>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Pad: pad,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Trilu: trilu,
  Slice: slice,
  Concat: concat,
  Split: split,
  NonZero: nonZero,
  OneHot: oneHot,
}
