import type * as tfjs from '@tensorflow/tfjs-core'
import { product } from '../../../exact.ts'

type Tf = typeof tfjs

/**
 * Spreads a filter's taps by writing the zeros between them: TF.js refuses a convolution with both stride and dilation
 * above 1, and TensorFlow's own depthwise kernels do not dilate. The spatial dims begin at `first`, as many as `dilation` has:
 * [Kh, Kw, …] → [d·(Kh − 1) + 1, d·(Kw − 1) + 1, …].
 */
export function spread(tf: Tf, filter: tfjs.Tensor, dilation: readonly number[], first = 0): tfjs.Tensor {
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
  }, filter)
}

/**
 * A convolution, plain or transposed, of tensors with channels last, as one for each group: TF.js has no grouped ones.
 * `filterOf` makes of each group's part of the weight, cut along its dim 0, what `one` takes; the weight is disposed.
 */
export function byGroup(
  tf: Tf,
  weight: tfjs.Tensor,
  groups: number,
  filterOf: (part: tfjs.Tensor) => tfjs.Tensor,
  one: (x: tfjs.Tensor, filter: tfjs.Tensor) => tfjs.Tensor,
): (x: tfjs.Tensor) => tfjs.Tensor {
  const length = weight.shape[0]! / groups
  const filters = Array.from({ length: groups }, (_, g) => tf.tidy(() => filterOf(tf.slice(weight, [g * length], [length]))))
  weight.dispose()
  if (groups === 1) return (x) => one(x, filters[0]!)
  return (x) => {
    const last = x.rank - 1
    return tf.concat(
      tf.split(x, groups, last).map((part, g) => one(part, filters[g]!)),
      last,
    )
  }
}
