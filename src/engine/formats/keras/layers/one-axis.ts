import type { Call } from '../call.ts'
import type { KerasTensor } from '../tensor.ts'

/**
 * Runs a layer of one spatial axis on a map that is one element wide: a sequence C×T as C×T×1, and back. The shapes on
 * both sides are views, so no figure but the number of layers differs from a layer of one axis.
 * @throws KerasFault where the input is no sequence.
 */
export function alongOneAxis(
  call: Call,
  work: (map: KerasTensor) => KerasTensor,
  layout: 'as-is' | 'channels-first' = call.mapLayout,
): KerasTensor {
  const x = call.arrange(call.input(3), layout)
  const map = call.add('Reshape', x, { shape: [...x.shape.slice(1), 1] }, layout, 'map')
  const y = work(map)
  return call.add('Reshape', y, { shape: y.shape.slice(1, 3) }, layout, 'sequence')
}
