import type * as tfjs from '@tensorflow/tfjs-core'

type Tf = typeof tfjs

/**
 * The engine's shapes are N×C×H×W; TF.js maps travel as N×H×W×C. These two functions are the only places where one
 * becomes the other.
 */

/** Position of the engine's `dim` of a tensor of this rank in the TF.js tensor. */
export function tfjsAxis(dim: number, rank: number): number {
  if (rank !== 4) return dim
  return [0, 3, 1, 2][dim] as number
}

/** The tensor in the engine's order, for ops that read elements one after another (Flatten, Reshape, Transpose). */
export const toEngineOrder = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor => (x.rank === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x)

/** Back to the order TF.js wants for a tensor of this rank. */
export const toTfjsOrder = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor => (x.rank === 4 ? tf.transpose(x, [0, 2, 3, 1]) : x)

/** A weight under another shape, in the place of the one given. */
export function reshaped(tf: Tf, given: tfjs.Tensor, shape: number[]): tfjs.Tensor {
  const laidOut = tf.reshape(given, shape)
  given.dispose()
  return laidOut
}

/** A call that sees its tensors in the engine's order, for ops that work on dims other than a map's. */
export const inEngineOrder =
  (tf: Tf, call: (inputs: tfjs.Tensor[]) => tfjs.Tensor): ((inputs: tfjs.Tensor[]) => tfjs.Tensor) =>
  (inputs) =>
    toTfjsOrder(tf, call(inputs.map((x) => toEngineOrder(tf, x))))
