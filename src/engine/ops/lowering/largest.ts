import type * as tfjs from '@tensorflow/tfjs-core'

/** Largest element of each window of a map (N×H×W×C) that is padded already: its kernel, stride and dilation along both dims. */
export function largest(
  tf: typeof tfjs,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): (x: tfjs.Tensor4D) => tfjs.Tensor4D {
  const window = [...kernel] as [number, number]
  const strides = [...stride] as [number, number]
  if (Math.max(...dilation) === 1) return (x) => tf.maxPool(x, window, strides, 'valid')
  // TF.js pools with dilation only at stride 1: take every position, then keep each stride-th one.
  return (x) => {
    const dense = tf.pool(x, window, 'max', 'valid', [...dilation] as [number, number], 1)
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, strides[0], strides[1], 1]) as tfjs.Tensor4D
  }
}
