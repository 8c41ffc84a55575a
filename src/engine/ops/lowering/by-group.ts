import type * as tfjs from '@tensorflow/tfjs-core'
import type { TfjsContext } from '../../op.ts'
import { spread } from './convolution.ts'

type Tf = typeof tfjs

/** What a lowering of a convolution reads of its attributes. */
export interface Grouped {
  groups: number
  outChannels: number
  bias: boolean
  dilation: readonly number[]
}

/**
 * A convolution, plain or transposed, of tensors with channels last, as one for each group, with the bias behind it: TF.js has no
 * grouped ones. Each group's part of the weight, along its dim 0, is permuted for TF.js, and its taps are spread.
 */
export function byGroup(
  tf: Tf,
  { attributes: a, parameters }: TfjsContext<Grouped>,
  perm: readonly number[],
  one: (x: tfjs.Tensor, filter: tfjs.Tensor) => tfjs.Tensor,
  finish: (filter: tfjs.Tensor) => tfjs.Tensor = (filter) => filter,
): (x: tfjs.Tensor) => tfjs.Tensor {
  const weight = parameters.weight!
  const filters = tf.tidy(() => tf.split(weight, a.groups, 0).map((part) => finish(spread(tf, tf.transpose(part, [...perm]), a.dilation))))
  weight.dispose()
  return (x) => {
    const last = x.rank - 1
    const parts = a.groups === 1 ? [x] : tf.split(x, a.groups, last)
    const outputs = parts.map((part, g) => one(part, filters[g]!))
    const y = outputs.length === 1 ? outputs[0]! : tf.concat(outputs, last)
    return a.bias ? tf.add(y, parameters.bias!) : y
  }
}
