import type * as tfjs from '@tensorflow/tfjs-core'

/** ln(1 + eˣ) without e of anything above 0, so that it holds for every x. */
export const stableSoftplus = (tf: typeof tfjs, x: tfjs.Tensor): tfjs.Tensor =>
  tf.add(tf.relu(x), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(x))))))
