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

/** What people call the spatial dims of a tensor that has one, two or three. */
const dimNames = [['length'], ['height', 'width'], ['depth', 'height', 'width']]

/**
 * Places a window on an input's spatial dims, any number of them. Output size is floor((size + pads −
 * dilation·(kernel − 1) − 1) / stride) + 1; ceil mode as PyTorch’s pooling, `same` as TensorFlow.
 * @throws ShapeError where the window is larger than the padded input.
 */
export function windowGeometry(size: readonly number[], a: SpatialWindow): Geometry {
  const rank = size.length
  const { kernelSize, stride, padding } = a
  // Made at their length: an array that is pushed to takes room for 17.
  const output = new Array<number>(rank)
  const overhang = new Array<number>(rank)
  const dilation = a.dilation ?? new Array<number>(rank).fill(1)
  const samePads = padding === 'same' ? new Array<number>(2 * rank) : []
  for (let i = 0; i < rank; i++) {
    const length = size[i]!
    const step = stride[i]!
    const spacing = dilation[i]!
    const extent = spacing * (kernelSize[i]! - 1) + 1
    let count: number
    let hanging = 0
    if (padding === 'same') {
      count = Math.ceil(length / step)
      const total = Math.max(0, (count - 1) * step + extent - length)
      samePads[i] = Math.floor(total / 2)
      samePads[rank + i] = total - Math.floor(total / 2)
    } else {
      const padded = length + padding[i]! + padding[rank + i]!
      const span = padded - extent
      if (span < 0) throw tooLarge(extent, dimNames[rank - 1]![i]!, length, padded)
      if (a.ceilMode) {
        count = Math.ceil(span / step) + 1
        // PyTorch: the last window must start inside the input or its leading padding, not in the tail padding.
        if ((count - 1) * step >= length + padding[i]!) count -= 1
      } else count = Math.floor(span / step) + 1
      hanging = Math.max(0, (count - 1) * step - span)
    }
    output[i] = count
    overhang[i] = hanging
  }
  return { output, kernel: kernelSize, stride, dilation, pads: padding === 'same' ? samePads : padding, overhang }
}

const tooLarge = (extent: number, dim: string, size: number, padded: number): ShapeError =>
  new ShapeError(
    `the window spans ${extent} along the ${dim}, but the input is ${size}${padded > size ? ` (${padded} with padding)` : ''}: ` +
      `use a kernelSize whose span is at most ${padded}, or more padding`,
    'kernelSize',
  )

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
  return { kernel: lastTwo(kernelSize), stride: lastTwo(stride), dilation: dilation ? lastTwo(dilation) : [1, 1] }
}

const lastTwo = (values: readonly number[]): [number, number] => [values.at(-2) ?? 1, values.at(-1)!]
