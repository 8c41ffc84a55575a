import { Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { FieldWindow } from '../op.ts'
import type { Pair, Sides, WindowAttributes, WindowOf } from './window.ts'

/** Windows over one spatial dim: their attributes, and the same window over a map of height 1. */

const positive = (description: string) => Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description })
const nonNegative = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })

export const lineKernel = positive('Window length.')
export const lineStride = positive('Step of the window.')
export const lineDilation = positive('Spacing of the window’s elements. Default 1.')
export const LinePadding = Type.Union([nonNegative, Type.Tuple([nonNegative, nonNegative]), Type.Literal('same'), Type.Literal('valid')], {
  description: 'One number, [before, after], "same" (as TensorFlow) or "valid". Default 0.',
})

export type LineWindow = WindowOf<readonly [number], readonly [number, number]>

/** What the user writes of a window over one dim, its stride filled in. */
export interface LineSpelling {
  kernelSize: number
  stride: number
  padding: number | readonly [number, number] | 'same' | 'valid'
  dilation: number
  ceilMode?: boolean
}

/** The spelling as the geometry reads it. */
export const lineWindow = ({ kernelSize, stride, padding, dilation, ceilMode }: LineSpelling): LineWindow => ({
  kernelSize: [kernelSize],
  stride: [stride],
  padding: padding === 'same' ? 'same' : padding === 'valid' ? [0, 0] : typeof padding === 'number' ? [padding, padding] : padding,
  dilation: [dilation],
  ceilMode: ceilMode ?? false,
})

/**
 * The window over a map of height 1 that sees the same elements. The stride holds along both dims, which leaves a height
 * of 1 as it is, since TF.js has depthwise kernels for equal strides only.
 */
export const overMap = ({ kernelSize, stride, padding, dilation, ceilMode }: LineSpelling): WindowAttributes & { dilation: Pair } => {
  const given = lineWindow({ kernelSize, stride, padding, dilation }).padding
  return {
    kernelSize: [1, kernelSize],
    stride: [stride, stride],
    padding: given === 'same' ? 'same' : ([0, given[0], 0, given[1]] satisfies Sides),
    dilation: [1, dilation],
    ceilMode: ceilMode ?? false,
  }
}

/** The window as the receptive-field recurrence reads it: along the width. */
export const lineField = (a: LineSpelling): FieldWindow => ({ kernel: [1, a.kernelSize], stride: [1, a.stride], dilation: [1, a.dilation] })

/** Channels and length of a sequence. @throws ShapeError where the tensor is no N×C×L sequence. */
export function sequence(shape: readonly number[], op: string): { batch: number; channels: number; size: readonly [number] } {
  if (shape.length !== 3) throw new ShapeError(`${op} takes a sequence C×L, but its input is ${shape.slice(1).join('×') || 'a scalar'}`)
  return { batch: shape[0]!, channels: shape[1]!, size: [shape[2]!] }
}
