import { BatchLost } from '../fault.ts'
import { broadcastShapes } from '../fold/folding.ts'
import { type Cut, cuts } from '../shapes.ts'
import type { Rewrite, Rewriter } from './rewriter.ts'

/** One range along one dim, in the form of the node's operator set. */
function cut(to: Rewriter, from: string, { axis, start, size, step }: Cut, hint: string | null, whole: number): string {
  const backwards = step < 0
  if (backwards) {
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
const slice: Rewrite = (to) => {
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
const pad: Rewrite = (to) => {
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

/** Indices of several dims: picked in one list, which then takes their shape. */
const gather: Rewrite = (to) => {
  const indices = to.values[1]
  const numbers = to.numbers(1)
  if (to.values[0]?.kind !== 'activation' || !indices || !numbers || indices.kind !== 'constant' || indices.shape.length < 2) return null
  const shape = to.shape(0)
  const axis = to.attributes.int('axis', 0)
  const at = axis < 0 ? axis + shape.length : axis
  const picked = to.step('Gather', [to.node.inputs[0]!, to.integers('indices', numbers)], 'picked', { axis })
  // Sizes of 0 are copied, so that the batch goes where it was; dims behind are written out.
  const target = [...shape.slice(0, at).map(() => 0), ...indices.shape, ...shape.slice(at + 1)]
  return to.last('Reshape', [picked, to.integers('shape', target)])
}

/** Until opset 12 a softmax works on all dims from `axis` on together. */
const softmax: Rewrite = (to) => {
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

/** Repeated along dims of size 1: a tile, of dims that are put before where there are more of them. */
const expand: Rewrite = (to) => {
  const [value, to1] = to.values
  const wanted = to1?.kind === 'constant' ? to1.read() : null
  if (value?.kind !== 'activation' || !wanted) return null
  const repeated = (shape: readonly number[], numbers: ArrayLike<number>) => {
    const target = broadcastShapes(shape, Array.from(numbers))
    const more = target.length - shape.length
    return { more, repeats: target.map((size, i) => (i >= more && shape[i - more] === size ? 1 : size)) }
  }
  const { more, repeats } = repeated(value.shape, wanted)
  const wide = to1?.kind === 'constant' ? to1.wide?.read() : undefined
  if (wide && repeated(value.wide, wide).repeats.some((n, i) => n !== repeats[i]))
    throw new BatchLost('a tensor is repeated as often as there are images')
  const [x] = to.node.inputs
  if (more === 0) return repeats.every((n) => n === 1) ? to.last('Identity', [x!]) : to.last('Tile', [x!, to.integers('repeats', repeats)])
  const axes = Array.from({ length: more }, (_, i) => i)
  const raised =
    to.node.opset >= 13 ? to.step('Unsqueeze', [x!, to.integers('axes', axes)], 'raised') : to.step('Unsqueeze', [x!], 'raised', { axes })
  return to.last('Tile', [raised, to.integers('repeats', repeats)])
}

/** ONNX’s rule of a one-dim operand of a product: it gains a dim, which then goes. */
const matMul: Rewrite = (to) => {
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

export const cutting: Readonly<Record<string, Rewrite>> = {
  Expand: expand,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  Softmax: softmax,
  LogSoftmax: softmax,
  MatMul: matMul,
}
