import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { FieldWindow } from '../op.ts'

/**
 * The one window geometry: convolution and pooling, the shape rule, the receptive field and both lowerings all read
 * it, so they cannot drift apart.
 */

const positive = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const nonNegative = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })

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

/**
 * The canonical window over any number of spatial dims: V holds one number a dim, S the pads before each dim and then
 * those after. `same` stays a word, since its pads depend on the input's size.
 */
export interface WindowOf<V extends readonly number[], S extends readonly number[]> {
  kernelSize: V
  stride: V
  padding: S | 'same'
  /** Absent where the op has none: 1. */
  dilation?: V
  ceilMode?: boolean
}
export type WindowAttributes = WindowOf<Pair, Sides>

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

/** A window placed on an input: sizes, and the pads that place it exactly, in the order of the input's spatial dims. */
export interface GeometryOf<V extends readonly number[], S extends readonly number[]> {
  output: V
  kernel: V
  stride: V
  dilation: V
  /** Pads the user asked for, or those `same` works out to. */
  pads: S
  /** Positions past the pads that the last ceil-mode window hangs over; they hold no data and never count. */
  overhang: V
}
export type Geometry = GeometryOf<Pair, Sides>

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
export function windowGeometry<V extends readonly number[], S extends readonly number[]>(size: V, a: WindowOf<V, S>): GeometryOf<V, S> {
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
  // One entry a spatial dim, as V and S say; the compiler cannot count them.
  const of = (values: number[]) => values as readonly number[] as V
  return {
    output: of(output),
    kernel: a.kernelSize,
    stride: a.stride,
    dilation: of(dilation),
    pads: pads as readonly number[] as S,
    overhang: of(overhang),
  }
}

/**
 * Pooling's bound on padding: a window that lies in the padding alone has no element to take.
 * @throws ShapeError as PyTorch and ONNX refuse it.
 */
export function checkPoolPadding({ kernel, dilation: d, pads }: GeometryOf<readonly number[], readonly number[]>): void {
  for (let i = 0; i < kernel.length; i++) {
    const extent = d[i]! * (kernel[i]! - 1) + 1
    if (Math.max(pads[i]!, pads[kernel.length + i]!) > extent / 2)
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
