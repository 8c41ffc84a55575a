import type * as tfjs from '@tensorflow/tfjs-core'
import type { TfjsCall } from '../../op.ts'
import type { GeometryOf } from '../window.ts'

type Tf = typeof tfjs
type Geometry = GeometryOf<readonly number[], readonly number[]>

/** A call on N×D×H×W×C volumes as a call on volumes that travel as the engine has them, N×C×D×H×W. */
export const onVolume =
  (tf: Tf, call: (x: tfjs.Tensor5D) => tfjs.Tensor): TfjsCall =>
  ([x]) =>
    tf.transpose(call(tf.transpose(x!, [0, 2, 3, 4, 1]) as tfjs.Tensor5D), [0, 4, 1, 2, 3])

/** A volume (N×D×H×W×C) with a window's pads and the overhang of its ceil mode written out as `value`: TF.js has no explicit ones in 3-D. */
export function padVolume(tf: Tf, x: tfjs.Tensor5D, { pads, overhang }: Geometry, value: number): tfjs.Tensor5D {
  const sides = overhang.map((over, i): [number, number] => [pads[i]!, pads[i + 3]! + over])
  return sides.every(([before, after]) => before + after === 0) ? x : tf.pad(x, [[0, 0], ...sides, [0, 0]], value)
}
