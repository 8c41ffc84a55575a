import type * as tfjs from '@tensorflow/tfjs-core'
import type { TfjsCall } from '../../op.ts'
import type { Shape } from '../../shape.ts'

/** A sequence N×C×L as a map of height 1, N×C×1×L: the shape that a lowering for maps is given. */
export const mapShape = ([n, c, l]: Shape): Shape => [n!, c!, 1, l!]

/**
 * A call on N×H×W×C maps of height 1 as a call on sequences, which travel as the engine has them, N×C×L: TF.js back ends
 * have windows over two dims only.
 */
export function onMap(tf: typeof tfjs, call: TfjsCall): TfjsCall {
  return ([x]) => {
    const [n, c, l] = x!.shape as [number, number, number]
    const map = call([tf.reshape(tf.transpose(x!, [0, 2, 1]), [n, 1, l, c])]) as tfjs.Tensor4D
    return tf.transpose(tf.reshape(map, [n, map.shape[2], map.shape[3]]), [0, 2, 1])
  }
}
