import type * as tfjs from '@tensorflow/tfjs-core'

/** (x − mean) / √(variance + eps) along axes, where the mean and the variance are x's own. */
export function normal(tf: typeof tfjs, x: tfjs.Tensor, axes: number[], eps: number): tfjs.Tensor {
  const centered = tf.sub(x, tf.mean(x, axes, true))
  const variance = tf.mean(tf.mul(centered, centered), axes, true)
  return tf.div(centered, tf.sqrt(tf.add(variance, eps)))
}
