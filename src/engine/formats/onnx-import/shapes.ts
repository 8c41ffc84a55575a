/** The shape rules of ONNX operators that move elements: what folding and the ops' readers share. All throw plain errors. */

export const numelOfDims = (shape: readonly number[]): number => shape.reduce((left, right) => left * right, 1)

/** A dim as ONNX counts it, as an index. */
export function axisOf(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(index) || index < 0 || index >= rank) throw new Error(`axis ${axis} is out of range for ${rank} dims`)
  return index
}

/** The shape that `Reshape` asks for. @throws Error where it does not go with `from`. */
export function reshaped(from: readonly number[], raw: readonly number[], allowZero: boolean): number[] {
  const shape = raw.map((size, i) => (size === 0 && !allowZero ? (from[i] ?? Number.NaN) : size))
  const open = shape.indexOf(-1)
  const elements = numelOfDims(from)
  if (shape.some((size, i) => !Number.isInteger(size) || size < -1 || (size === -1 && i !== open)))
    throw new Error(`the shape [${raw.slice(0, 8).join(', ')}] is none that ${from.join('×') || 'a scalar'} can take`)
  if (open >= 0) {
    const rest = numelOfDims(shape.filter((_, i) => i !== open))
    shape[open] = rest === 0 ? 0 : elements / rest
  }
  if (numelOfDims(shape) !== elements || shape.some((size) => !Number.isInteger(size)))
    throw new Error(`the shape [${raw.slice(0, 8).join(', ')}] does not hold the ${elements} elements of ${from.join('×') || 'a scalar'}`)
  return shape
}

export function squeezed(from: readonly number[], axes: readonly number[] | undefined): number[] {
  const gone = new Set(axes ? axes.map((axis) => axisOf(axis, from.length)) : from.flatMap((size, i) => (size === 1 ? [i] : [])))
  for (const axis of gone)
    if (from[axis] !== 1) throw new Error(`dim ${axis} of ${from.join('×')} has size ${from[axis]}, only a size of 1 can go`)
  return from.filter((_, i) => !gone.has(i))
}

export function unsqueezed(from: readonly number[], axes: readonly number[]): number[] {
  const rank = from.length + axes.length
  if (rank > 16) throw new Error(`a tensor of ${rank} dims cannot be read, at most 16 can`)
  const fresh = new Set(axes.map((axis) => axisOf(axis, rank)))
  if (fresh.size !== axes.length) throw new Error(`axes [${axes.join(', ')}] name a dim twice`)
  let next = 0
  return Array.from({ length: rank }, (_, i) => (fresh.has(i) ? 1 : (from[next++] as number)))
}

export function flattened(from: readonly number[], axis: number): number[] {
  const cut = axis === from.length ? axis : axisOf(axis, from.length)
  return [numelOfDims(from.slice(0, cut)), numelOfDims(from.slice(cut))]
}

/** A range of a dim, clipped as ONNX does: where it starts, how many, and the step. */
export interface Cut {
  axis: number
  start: number
  size: number
  step: number
}

/**
 * The ranges that `Slice` asks for, attributes in opset 9 and older, inputs from 10 on.
 * @throws Error where they do not go together.
 */
export function cuts(
  shape: readonly number[],
  begins: readonly number[],
  ends: readonly number[],
  axes: readonly number[] | undefined,
  steps: readonly number[] | undefined,
): Cut[] {
  if (ends.length !== begins.length || (axes && axes.length !== begins.length) || (steps && steps.length !== begins.length))
    throw new Error('starts, ends, axes and steps differ in length')
  if (begins.length > shape.length) throw new Error(`there are ${begins.length} ranges, but the tensor has ${shape.length} dims`)
  return begins.map((begin, i) => {
    const axis = axisOf(axes?.[i] ?? i, shape.length)
    const step = steps?.[i] ?? 1
    const whole = shape[axis] as number
    if (step === 0 || !Number.isInteger(step)) throw new Error(`a step of ${step} leads nowhere`)
    const clip = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value < 0 ? value + whole : value))
    const start = step > 0 ? clip(begin, 0, whole) : clip(begin, 0, whole - 1)
    const end = step > 0 ? clip(ends[i] as number, 0, whole) : clip(ends[i] as number, -1, whole - 1)
    return { axis, start, size: Math.max(0, Math.ceil((end - start) / step)), step }
  })
}

/** Parts of equal size, the last one smaller where it does not come out even. */
export function evenly(whole: number, parts: number): number[] {
  if (!Number.isInteger(parts) || parts < 1 || parts > 65_536) throw new Error(`a tensor is split into 1 to 65536 parts, not ${parts}`)
  const size = Math.ceil(whole / parts)
  return Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(size, whole - i * size)))
}
