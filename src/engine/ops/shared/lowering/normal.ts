import type * as tfjs from '@tensorflow/tfjs-core'

/** (x − mean) / √(variance + eps) along axes, where the mean and the variance are x's own. */
export function normal(tf: typeof tfjs, x: tfjs.Tensor, axes: number[], eps: number): tfjs.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true))
  const variance = tf.mean(tf.mul(centred, centred), axes, true)
  return tf.div(centred, tf.sqrt(tf.add(variance, eps)))
}
