import { probe } from '../batch.ts'
import { BatchLost } from '../fault.ts'
import { broadcastShapes } from '../fold/folding.ts'
import { type Cut, cuts, numelOfDims } from '../shapes.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'
import { gatherImages } from './gather-images.ts'
import { gatherNd } from './gather-nd.ts'

/** Indices that one layer picks (`ops/gather.ts`). */
const mostIndices = 1024

/** One range along one dim, in the form of the node's operator set. */
function cut(to: Decomposer, from: string, { axis, start, size, step }: Cut, hint: string | null, whole: number): string {
  const backwards = step < 0
  if (backwards) {
    if (size > mostIndices)
      throw new Error(
        `it goes back over ${size} indices of dim ${axis}, at most ${mostIndices} are read: turn the tensor round in the network's data`,
      )
    const indices = to.integers(
      `${hint ?? 'cut'}/indices`,
      Array.from({ length: size }, (_, i) => start + i * step),
    )
    if (hint === null) to.last('Gather', [from, indices], { axis })
    return hint === null ? '' : to.step('Gather', [from, indices], hint, { axis })
  }
  const end = Math.min(start + size * step, whole)
  const old = to.node.opset < 10
  const inputs = old
    ? [from]
    : [
        from,
        ...Object.entries({ starts: start, ends: end, axes: axis, steps: step }).map(([name, value]) =>
          to.integers(`${hint ?? 'cut'}/${name}`, [value]),
        ),
      ]
  const attributes: Record<string, readonly number[]> = old ? { starts: [start], ends: [end], axes: [axis] } : {}
  if (hint === null) to.last('Slice', inputs, attributes)
  return hint === null ? '' : to.step('Slice', inputs, hint, attributes)
}

/** A slice along several dims, or backwards: one after another. */
const slice: Decomposition = (to) => {
  const old = to.node.opset < 10
  const given = (input: number, name: string) => (old ? to.attributes.ints(name) : to.values[input] ? to.numbers(input) : undefined)
  const [starts, ends, axes, steps] = [given(1, 'starts'), given(2, 'ends'), given(3, 'axes'), old ? undefined : given(4, 'steps')]
  if (!starts || !ends || axes === null || steps === null) return null
  const shape = to.shape(0)
  const real = cuts(shape, starts, ends, axes, steps).filter(
    ({ axis, start, size, step }) => start !== 0 || size !== shape[axis] || step !== 1,
  )
  const [only] = real
  if (!only || (real.length === 1 && only.step > 0)) return null
  let from = to.node.inputs[0]!
  real.forEach((range, i) => {
    from = cut(to, from, range, i === real.length - 1 ? null : `slice${i}`, shape[range.axis]!)
  })
  return to
}

/** A border that is negative takes rows away: slices, then what border is left. */
const pad: Decomposition = (to) => {
  const old = to.node.opset < 11
  const pads = old ? to.attributes.ints('pads') : to.numbers(1)
  const shape = to.shape(0)
  if (!pads?.some((size) => size < 0) || to.values[3] || pads.length !== 2 * shape.length) return null
  let from = to.node.inputs[0]!
  shape.forEach((whole, axis) => {
    const [before, after] = [pads[axis]!, pads[axis + shape.length]!]
    if (before >= 0 && after >= 0) return
    const start = Math.max(0, -before)
    from = cut(to, from, { axis, start, size: whole - start - Math.max(0, -after), step: 1 }, `crop${axis}`, whole)
  })
  const left = pads.map((size) => Math.max(0, size))
  const mode = to.attributes.text('mode', 'constant')
  if (old) return to.last('Pad', [from], { pads: left, mode, value: { float: to.attributes.float('value', 0) } })
  return to.last('Pad', [from, to.integers('border', left), to.node.inputs[2] ?? ''], { mode })
}

/** Indices of several dims: picked in one list, which then takes their shape. Every element in order is picked by nobody. */
const gather: Decomposition = (to) => {
  const indices = to.values[1]
  const [value] = to.values
  if (value?.kind !== 'activation' || indices?.kind !== 'constant' || indices.shape.length === 0) return null
  const shape = to.shape(0)
  const axis = to.attributes.int('axis', 0)
  const at = axis < 0 ? axis + shape.length : axis
  if (indices.wide) return gatherImages(to, at)
  const numbers = to.numbers(1)
  // Of every image alike: where the dim holds the batch, one image's elements are not all.
  const everyInOrder =
    numbers !== null && numbers.length === shape[at] && value.shape[at] === value.wide[at] && numbers.every((index, i) => index === i)
  if (indices.shape.length === 1) return everyInOrder ? to.last('Identity', [to.node.inputs[0]!]) : null
  const flat = () => to.constant('indices', { ...indices, shape: [numelOfDims(indices.shape)] })
  const picked = everyInOrder ? to.node.inputs[0]! : to.step('Gather', [to.node.inputs[0]!, flat()], 'picked', { axis })
  // Sizes of 0 are copied, so that the batch goes where it was; dims behind are written out.
  const target = [...shape.slice(0, at).map(() => 0), ...indices.shape, ...shape.slice(at + 1)]
  return to.last('Reshape', [picked, to.integers('shape', target)])
}

/** Until opset 12 a softmax works on all dims from `axis` on together. */
const softmax: Decomposition = (to) => {
  if (to.node.opset >= 13) return null
  const shape = to.shape(0)
  const axis = to.attributes.int('axis', 1)
  const from = axis < 0 ? axis + shape.length : axis
  if (shape.filter((size, i) => i >= from && size > 1).length < 2) return null
  const joined = to.step('Flatten', [to.node.inputs[0]!], 'joined', { axis: from })
  const shares = to.step(to.node.opType, [joined], 'shares', { axis: 1 })
  // The sizes before `from` are copied where they are one; a reshape follows the batch by itself.
  return to.last('Reshape', [shares, to.integers('shape', from === 1 ? [0, ...shape.slice(1)] : [...shape])])
}

/** How often a tensor is repeated along each dim, at the file's batch and at the one probed with. */
interface Repeats {
  /** Dims of size 1 that are put before. */
  more: number
  narrow: readonly number[]
  wide: readonly number[]
}

/** A tensor repeated along its dims: a tile, of dims that are put before where there are more of them; for each image, by an input. */
function repeat(to: Decomposer, { more, narrow, wide }: Repeats): Decomposer {
  let [from] = to.node.inputs as [string]
  // A tensor that holds no batch, repeated as often as there are images: all else first.
  const over = narrow.findIndex((n, i) => wide[i] !== n)
  const last = narrow.findLastIndex((n, i) => wide[i] !== n)
  if (over !== last || (over >= 0 && (wide[over] !== narrow[over]! * probe || narrow[over] !== 1)))
    throw new BatchLost('a tensor is repeated in a way that depends on the batch')
  const steps: ((out: string | null) => string)[] = []
  const repeats = narrow.map((n, i) => (i === over ? 1 : n))
  if (more > 0) {
    const axes = Array.from({ length: more }, (_, i) => i)
    const inputs = to.node.opset >= 13 ? [to.integers('axes', axes)] : []
    steps.push((hint) => to.next('Unsqueeze', [from, ...inputs], hint, to.node.opset >= 13 ? {} : { axes }))
  }
  if (repeats.some((n) => n !== 1)) steps.push((hint) => to.next('Tile', [from, to.integers('repeats', repeats)], hint))
  if (over >= 0) steps.push(() => to.lastOverBatch(from, over).node.outputs[0]!)
  if (steps.length === 0) return to.last('Identity', [from])
  steps.forEach((step, i) => {
    from = step(i === steps.length - 1 ? null : `step${i}`)
  })
  return to
}

const expand: Decomposition = (to) => {
  const [value] = to.values
  const wanted = to.sizes(1)
  if (value?.kind !== 'activation' || !wanted) return null
  const repeated = (shape: readonly number[], numbers: readonly number[]) => {
    const all = broadcastShapes(shape, numbers)
    return all.map((size, i) => (i >= all.length - shape.length && shape[i - (all.length - shape.length)] === size ? 1 : size))
  }
  const narrow = repeated(value.shape, wanted.narrow)
  let wide: readonly number[]
  try {
    wide = repeated(value.wide, wanted.wide)
  } catch (cause) {
    throw new BatchLost((cause as Error).message)
  }
  return repeat(to, { more: narrow.length - value.shape.length, narrow, wide })
}

/** A tile as often as there are images. */
const tile: Decomposition = (to) => {
  const [value, times] = to.values
  const wanted = to.sizes(1)
  if (value?.kind !== 'activation' || times?.kind !== 'constant' || !times.wide || !wanted) return null
  return repeat(to, { more: 0, ...wanted })
}

/** ONNX’s rule of a one-dim operand of a product: it gains a dim, which then goes. */
const matMul: Decomposition = (to) => {
  const ranks = [to.shape(0).length, to.shape(1).length]
  if (!ranks.includes(1) || ranks.includes(0)) return null
  const axes = (hint: string, axis: number, from: string, opType: string) =>
    to.node.opset >= 13
      ? ([opType, [from, to.integers(`${hint}/axes`, [axis])], {}] as const)
      : ([opType, [from], { axes: [axis] }] as const)
  const raised = (input: number, axis: number, hint: string): string => {
    const [opType, inputs, attributes] = axes(hint, axis, to.node.inputs[input]!, 'Unsqueeze')
    return ranks[input] === 1 ? to.step(opType, inputs, hint, attributes) : to.node.inputs[input]!
  }
  const products = to.step('MatMul', [raised(0, 0, 'row'), raised(1, 1, 'column')], 'products')
  const gone = [...(ranks[1] === 1 ? [-1] : []), ...(ranks[0] === 1 ? [-2] : [])]
  return to.node.opset >= 13 ? to.last('Squeeze', [products, to.integers('gone', gone)]) : to.last('Squeeze', [products], { axes: gone })
}

export const cutting: Readonly<Record<string, Decomposition>> = {
  Expand: expand,
  Tile: tile,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  GatherND: gatherNd,
  Softmax: softmax,
  LogSoftmax: softmax,
  MatMul: matMul,
}
