import type * as tfjs from '@tensorflow/tfjs-core'
import { product } from '../../exact.ts'
import type { TfjsCall, TfjsContext } from '../../op.ts'
import type { Conv2dAttributes } from '../conv2d.ts'
import { featureMap, type Sides, windowGeometry } from '../window.ts'

type Tf = typeof tfjs

/** Pads in the only spelling every TF.js back end takes for an N×H×W×C convolution. */
export const explicitPads = ([top, left, bottom, right]: Sides):
  | 'valid'
  | [[number, number], [number, number], [number, number], [number, number]] =>
  top + left + bottom + right === 0
    ? 'valid'
    : [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]

/**
 * Spreads a filter's taps by writing the zeros between them: TF.js refuses a convolution with both stride and dilation
 * above 1, and TensorFlow's own depthwise kernels do not dilate. The spatial dims begin at `first`, as many as `dilation` has:
 * [Kh, Kw, …] → [d·(Kh − 1) + 1, d·(Kw − 1) + 1, …].
 */
export function spread<T extends tfjs.Tensor>(tf: Tf, filter: T, dilation: readonly number[], first = 0): T {
  return dilation.reduce<tfjs.Tensor>((given, d, i) => {
    if (d === 1) return given
    const dim = first + i
    const [before, taps, after] = [given.shape.slice(0, dim), given.shape[dim]!, given.shape.slice(dim + 1)]
    const rows = product(...before)
    const apart = tf.pad(tf.reshape(given, [rows, taps, 1, product(...after)]), [
      [0, 0],
      [0, 0],
      [0, d - 1],
      [0, 0],
    ])
    const length = d * (taps - 1) + 1
    const cut = tf.slice(tf.reshape(apart, [rows, taps * d, product(...after)]), [0, 0, 0], [rows, length, product(...after)])
    return tf.reshape(cut, [...before, length, ...after])
  }, filter) as T
}

/**
 * Conv2d on N×H×W×C maps: plain, depthwise where each group has one input channel, otherwise split by group and
 * concatenated, since TF.js has no grouped convolution.
 */
export function convolve(tf: Tf, { attributes: a, inputs, parameters }: TfjsContext<Conv2dAttributes>): TfjsCall {
  const { channels, size } = featureMap(inputs[0]!, 'Conv2d')
  const { pads, stride } = windowGeometry(size, a)
  const pad = explicitPads(pads)
  const strides: [number, number] = [stride[0], stride[1]]
  const depthwise = a.groups === channels && channels > 1
  const mustSpread = Math.max(...a.dilation) > 1 && (depthwise || Math.max(...stride) > 1)
  const dilations: [number, number] = mustSpread ? [1, 1] : [a.dilation[0], a.dilation[1]]
  const laidOut = (filter: tfjs.Tensor4D) => (mustSpread ? spread(tf, filter, a.dilation) : filter)
  const weight = parameters.weight as tfjs.Tensor4D
  const bias = a.bias ? (parameters.bias as tfjs.Tensor1D) : undefined
  const withBias = (y: tfjs.Tensor4D) => (bias ? tf.add(y, bias) : y)

  if (depthwise) {
    const filter = tf.tidy(() =>
      laidOut(tf.transpose(tf.reshape(weight, [channels, a.outChannels / channels, ...a.kernelSize]), [2, 3, 0, 1]) as tfjs.Tensor4D),
    )
    weight.dispose()
    if (strides[0] === strides[1]) return ([x]) => withBias(tf.depthwiseConv2d(x as tfjs.Tensor4D, filter, strides, pad, 'NHWC', dilations))
    // TensorFlow's kernels take one stride for both axes: take every position, then keep each stride-th one.
    return ([x]) => {
      const dense = tf.depthwiseConv2d(x as tfjs.Tensor4D, filter, 1, pad, 'NHWC')
      return withBias(tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, strides[0], strides[1], 1]) as tfjs.Tensor4D)
    }
  }
  const perGroupOut = a.outChannels / a.groups
  const filters = Array.from({ length: a.groups }, (_, g) =>
    tf.tidy(() =>
      laidOut(
        tf.transpose(tf.slice(weight, [g * perGroupOut, 0, 0, 0], [perGroupOut, channels / a.groups, ...a.kernelSize]), [2, 3, 1, 0]),
      ),
    ),
  )
  weight.dispose()
  const conv = (x: tfjs.Tensor4D, filter: tfjs.Tensor4D): tfjs.Tensor4D => tf.conv2d(x, filter, strides, pad, 'NHWC', dilations)
  if (a.groups === 1) return ([x]) => withBias(conv(x as tfjs.Tensor4D, filters[0]!))
  return ([x]) =>
    withBias(
      tf.concat(
        tf.split(x as tfjs.Tensor4D, a.groups, 3).map((part, g) => conv(part as tfjs.Tensor4D, filters[g]!)),
        3,
      ),
    )
}
