import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { FieldWindow } from '../op.ts'

/**
 * The one window geometry: convolution and pooling, the shape rule, the receptive field and both lowerings all read
 * it, so they cannot drift apart.
 */

const positive = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const nonNegative = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })

/** One number for both axes, or [height, width]. */
export const PositivePair = Type.Union([positive, Type.Tuple([positive, positive])])

export const Padding = Type.Union(
  [
    nonNegative,
    Type.Tuple([nonNegative, nonNegative]),
    Type.Tuple([nonNegative, nonNegative, nonNegative, nonNegative]),
    Type.Literal('same'),
    Type.Literal('valid'),
  ],
  { description: 'One number, [height, width], [top, left, bottom, right], "same" (as TensorFlow) or "valid". Default 0.' },
)

export const kernelSize = Type.Union([positive, Type.Tuple([positive, positive])], {
  description: 'Window size: one number or [height, width].',
})
export const stride = Type.Union([positive, Type.Tuple([positive, positive])], {
  description: 'Step of the window: one number or [height, width].',
})
export const dilation = Type.Union([positive, Type.Tuple([positive, positive])], {
  description: 'Spacing of the window’s elements. Default 1.',
})

export type Pair = readonly [number, number]
/** Pads per side, [top, left, bottom, right]: ONNX’s order. */
export type Sides = readonly [number, number, number, number]

/** The canonical window: every pair written out; `same` stays a word, since its pads depend on the input's size. */
export interface WindowAttributes {
  kernelSize: Pair
  stride: Pair
  padding: Sides | 'same'
  /** Absent where the op has none: 1. */
  dilation?: Pair
  ceilMode?: boolean
}

export const pair = (value: number | readonly number[]): Pair =>
  typeof value === 'number' ? [value, value] : [value[0] as number, value[1] as number]

/** Any spelling of padding as [top, left, bottom, right], or `same`. */
export function sides(padding: Static<typeof Padding> | Sides | undefined): Sides | 'same' {
  if (padding === undefined || padding === 'valid') return [0, 0, 0, 0]
  if (padding === 'same') return 'same'
  if (typeof padding === 'number') return [padding, padding, padding, padding]
  if (padding.length === 2) return [padding[0], padding[1], padding[0], padding[1]]
  return [padding[0], padding[1], padding[2], padding[3]]
}

/** A window placed on an input: sizes, and the pads that place it exactly. All pairs are [height, width]. */
export interface Geometry {
  output: Pair
  kernel: Pair
  stride: Pair
  dilation: Pair
  /** Pads the user asked for, or those `same` works out to. */
  pads: Sides
  /** Rows and columns past the pads that the last ceil-mode window hangs over; they hold no data and never count. */
  overhang: Pair
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

/**
 * Places a window on an input of [height, width]. Output size is floor((size + pads − dilation·(kernel − 1) − 1) /
 * stride) + 1; ceil mode as PyTorch’s pooling, `same` as TensorFlow.
 * @throws ShapeError where the window is larger than the padded input.
 */
export function windowGeometry(size: Pair, a: WindowAttributes): Geometry {
  const dilation = a.dilation ?? [1, 1]
  const along = (i: 0 | 1) => {
    const pads = a.padding === 'same' ? 'same' : ([a.padding[i], a.padding[i + 2] as number] as const)
    const placed = axis(size[i], a.kernelSize[i], a.stride[i], dilation[i], pads, a.ceilMode ?? false)
    if (placed) return placed
    const extent = dilation[i] * (a.kernelSize[i] - 1) + 1
    const padded = size[i] + (pads === 'same' ? 0 : pads[0] + pads[1])
    const name = i === 0 ? 'height' : 'width'
    throw new ShapeError(
      `the window spans ${extent} along the ${name}, but the input is ${size[i]}${padded > size[i] ? ` (${padded} with padding)` : ''}: ` +
        `use a kernelSize whose span is at most ${padded}, or more padding`,
      'kernelSize',
    )
  }
  const h = along(0)
  const w = along(1)
  return {
    output: [h.output, w.output],
    kernel: a.kernelSize,
    stride: a.stride,
    dilation,
    pads: [h.before, w.before, h.after, w.after],
    overhang: [h.overhang, w.overhang],
  }
}

/**
 * Pooling's bound on padding: a window that lies in the padding alone has no element to take.
 * @throws ShapeError as PyTorch and ONNX refuse it.
 */
export function checkPoolPadding({ kernel, dilation: d, pads }: Geometry): void {
  for (const i of [0, 1] as const) {
    const extent = d[i] * (kernel[i] - 1) + 1
    if (Math.max(pads[i], pads[i + 2]!) > extent / 2)
      throw new ShapeError(`padding must be at most half of the window's span (${extent})`, 'padding')
  }
}

/** The same window as the receptive-field recurrence reads it. */
export const fieldOf = (a: WindowAttributes): FieldWindow => ({ kernel: a.kernelSize, stride: a.stride, dilation: a.dilation ?? [1, 1] })

/** Height and width of a feature map. @throws ShapeError where the tensor is no N×C×H×W feature map. */
export function featureMap(shape: readonly number[], op: string): { batch: number; channels: number; size: Pair } {
  if (shape.length !== 4)
    throw new ShapeError(`${op} takes a feature map C×H×W, but its input is ${shape.slice(1).join('×') || 'a scalar'}`)
  return { batch: shape[0] as number, channels: shape[1] as number, size: [shape[2] as number, shape[3] as number] }
}
