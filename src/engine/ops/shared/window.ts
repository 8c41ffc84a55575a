import { ShapeError } from '../../errors.ts'
import type { FieldWindow } from '../../op.ts'

/**
 * The one window geometry, over any number of spatial dims: convolution and pooling, the shape rule, the receptive field
 * and both lowerings all read it, so they cannot drift apart.
 */

/**
 * A window: one number a spatial dim, and the pads before each dim and then those after, ONNX's order. `same` stays a
 * word, since its pads depend on the input's size.
 */
export interface SpatialWindow {
  kernelSize: readonly number[]
  stride: readonly number[]
  padding: readonly number[] | 'same'
  /** Absent where the op has none: 1. */
  dilation?: readonly number[]
  ceilMode?: boolean
}

/** A window placed on an input: one number a spatial dim, and the pads that place it exactly. */
export interface Geometry {
  output: readonly number[]
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  /** Pads the user asked for, or those `same` works out to: before each dim, then after. */
  pads: readonly number[]
  /** Positions past the pads that the last ceil-mode window hangs over; they hold no data and never count. */
  overhang: readonly number[]
}

interface Axis {
  output: number
  before: number
  after: number
  overhang: number
}

function axis(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  pads: readonly [number, number] | 'same',
  ceilMode: boolean,
): Axis | null {
  const extent = dilation * (kernel - 1) + 1
  if (pads === 'same') {
    const output = Math.ceil(size / stride)
    const total = Math.max(0, (output - 1) * stride + extent - size)
    return { output, before: Math.floor(total / 2), after: total - Math.floor(total / 2), overhang: 0 }
  }
  const [before, after] = pads
  const span = size + before + after - extent
  if (span < 0) return null
  let output = Math.floor(span / stride) + 1
  if (ceilMode) {
    output = Math.ceil(span / stride) + 1
    // PyTorch: the last window must start inside the input or its leading padding, not in the tail padding.
    if ((output - 1) * stride >= size + before) output -= 1
  }
  return { output, before, after, overhang: Math.max(0, (output - 1) * stride - span) }
}

/** What people call the spatial dims of a tensor that has one, two or three. */
const dimNames = [['length'], ['height', 'width'], ['depth', 'height', 'width']]

/**
 * Places a window on an input's spatial dims, any number of them. Output size is floor((size + pads −
 * dilation·(kernel − 1) − 1) / stride) + 1; ceil mode as PyTorch’s pooling, `same` as TensorFlow.
 * @throws ShapeError where the window is larger than the padded input.
 */
export function windowGeometry(size: readonly number[], a: SpatialWindow): Geometry {
  const rank = size.length
  const dilation: number[] = []
  const output: number[] = []
  const pads = new Array<number>(2 * rank)
  const overhang: number[] = []
  for (let i = 0; i < rank; i++) {
    const spacing = a.dilation?.[i] ?? 1
    const given = a.padding === 'same' ? 'same' : ([a.padding[i]!, a.padding[rank + i]!] as const)
    const placed = axis(size[i]!, a.kernelSize[i]!, a.stride[i]!, spacing, given, a.ceilMode ?? false)
    if (!placed) {
      const extent = spacing * (a.kernelSize[i]! - 1) + 1
      const padded = size[i]! + (given === 'same' ? 0 : given[0] + given[1])
      throw new ShapeError(
        `the window spans ${extent} along the ${dimNames[rank - 1]![i]}, but the input is ${size[i]}${padded > size[i]! ? ` (${padded} with padding)` : ''}: ` +
          `use a kernelSize whose span is at most ${padded}, or more padding`,
        'kernelSize',
      )
    }
    dilation.push(spacing)
    output.push(placed.output)
    pads[i] = placed.before
    pads[rank + i] = placed.after
    overhang.push(placed.overhang)
  }
  return { output, kernel: a.kernelSize, stride: a.stride, dilation, pads, overhang }
}

/** Pads as ONNX has them, the overhang of ceil mode among those behind: runtimes disagree on ceil_mode, not on pads. */
export const padsWithOverhang = ({ pads, overhang }: Geometry): number[] =>
  pads.map((pad, i) => (i < overhang.length ? pad : pad + overhang[i - overhang.length]!))

/**
 * Pooling's bound on padding: a window that is entirely padding has no element to take.
 * @throws ShapeError as ONNX Runtime refuses it; PyTorch has a bound of half the span.
 */
export function checkPoolPadding({ kernel, dilation: d, pads }: Geometry): void {
  for (let i = 0; i < kernel.length; i++) {
    const extent = d[i]! * (kernel[i]! - 1) + 1
    if (Math.max(pads[i]!, pads[kernel.length + i]!) >= extent)
      throw new ShapeError(`padding must be smaller than the window's span (${extent})`, 'padding')
  }
}

/** The window as the receptive-field recurrence reads it: along the last two dims; a sequence's height is 1. */
export function fieldOf({ kernelSize, stride, dilation }: Omit<SpatialWindow, 'padding'>): FieldWindow {
  const last = (values: readonly number[]): [number, number] => [values.at(-2) ?? 1, values.at(-1)!]
  return { kernel: last(kernelSize), stride: last(stride), dilation: dilation ? last(dilation) : [1, 1] }
}
