import type * as tfjs from '@tensorflow/tfjs-core'
import type { TfjsCall } from '../../../op.ts'
import type { Rank } from '../spatial.ts'
import type { Geometry, SpatialWindow } from '../window.ts'
import { reshaped } from './layout.ts'

type Tf = typeof tfjs

/**
 * Windows in TF.js: over maps N×H×W×C and volumes N×D×H×W×C. A sequence, for which its back ends have no windows, is a
 * map of height 1.
 */

/** A call on tensors with channels last as a call on tensors as they travel: maps so, the others in the engine's order. */
export function channelsLast(tf: Tf, rank: Rank, call: (x: tfjs.Tensor) => tfjs.Tensor): TfjsCall {
  if (rank === 2) return ([x]) => call(x!)
  if (rank === 3) return ([x]) => tf.transpose(call(tf.transpose(x!, [0, 2, 3, 4, 1])), [0, 4, 1, 2, 3])
  return ([x]) => {
    const [n, c, l] = x!.shape as [number, number, number]
    const map = call(tf.reshape(tf.transpose(x!, [0, 2, 1]), [n, 1, l, c]))
    return tf.transpose(tf.reshape(map, [n, map.shape[2]!, map.shape[3]!]), [0, 2, 1])
  }
}

/** One value a spatial dim, a sequence's height before its length. */
export const withHeight = (values: readonly number[], height: number): readonly number[] =>
  values.length === 1 ? [height, ...values] : values

/**
 * A window over a sequence as the one over a map of height 1 that sees the same elements. The stride holds along both
 * dims, which leaves a height of 1 as it is, since TF.js has depthwise kernels for equal strides only.
 */
export function withWindowHeight(a: SpatialWindow): SpatialWindow {
  if (a.kernelSize.length !== 1) return a
  return {
    ...a,
    kernelSize: [1, ...a.kernelSize],
    stride: [...a.stride, ...a.stride],
    padding: a.padding === 'same' ? 'same' : [0, a.padding[0]!, 0, a.padding[1]!],
    ...(a.dilation ? { dilation: [1, ...a.dilation] } : {}),
  }
}

/** A filter of a sequence as one of a map: height 1 behind the two dims of channels. Disposes the one given. */
export function filterWithHeight(tf: Tf, filter: tfjs.Tensor): tfjs.Tensor {
  const [a, b, ...taps] = filter.shape as [number, number, ...number[]]
  return taps.length === 1 ? reshaped(tf, filter, [a, b, 1, ...taps]) : filter
}

/** A tensor with channels last, a window's pads and the overhang of its ceil mode written out as `value`. */
export function padded(tf: Tf, x: tfjs.Tensor, { pads, overhang }: Geometry, value: number): tfjs.Tensor {
  const border = overhang.map((over, i): [number, number] => [pads[i]!, pads[overhang.length + i]! + over])
  return border.every(([before, after]) => before + after === 0) ? x : tf.pad(x, [[0, 0], ...border, [0, 0]], value)
}
