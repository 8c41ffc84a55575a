import type { Call } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { type KerasTensor, rankOf } from '../tensor.ts'
import type { LayerClass } from './index.ts'
import { alongOneAxis } from './one-axis.ts'

/** The input with the axis that is normalised at the engine's dim 1. @throws KerasFault where it is no channel axis. */
function channelsAtOne(call: Call, x: KerasTensor): 'as-is' | 'channels-first' {
  const axis = call.config.axis('axis', -1)
  const positive = axis < 0 ? rankOf(x) + axis : axis
  if (positive === rankOf(x) - 1) return rankOf(x) === 2 ? 'as-is' : 'channels-first'
  if (positive === 1) return 'as-is'
  throw new KerasFault(
    `axis ${axis} is neither the last nor the first behind the batch: batch normalisation is over channels here`,
    '/config/axis',
  )
}

/** Keras `BatchNormalization` in inference. Its moving mean and variance are Keras's non-trainable weights, our buffers. */
export const batchNormalization: LayerClass = (call) => {
  const attributes = {
    eps: call.config.number('epsilon', 1e-3),
    scale: call.config.flag('scale', true),
    shift: call.config.flag('center', true),
  }
  if (!(attributes.eps > 0 && attributes.eps <= 1)) throw call.config.wrong('epsilon', 'a number above 0 and at most 1')
  const x = call.input(2, 3, 4)
  const layout = channelsAtOne(call, x)
  const normalise = (map: KerasTensor) => call.add('BatchNorm2d', map, attributes, map.layout)
  if (rankOf(x) === 4) return normalise(call.arrange(x, layout))
  if (rankOf(x) === 3) return alongOneAxis(call, normalise, layout)
  // The statistics of a vector's elements are in the order of the elements, as a Dense's weights are.
  const vector = x.layout === 'mixed' && call.shared ? call.arrange(x, 'as-is') : x
  const map = call.add('Reshape', vector, { shape: [x.shape[1]!, 1, 1] }, 'as-is', 'map')
  const y = call.add('Reshape', normalise(map), { shape: [x.shape[1]!] }, vector.layout, 'vector')
  return vector.map ? { ...y, map: vector.map } : y
}
