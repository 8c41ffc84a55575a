import { affine } from '../affine.ts'
import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { type KerasTensor, rankOf } from '../tensor.ts'
import { alongOneAxis } from './one-axis.ts'

/** The input with the axis that is normalized at the engine's dim 1. @throws KerasFault where it is no channel axis. */
function channelsAtOne(call: Call, x: KerasTensor): 'as-is' | 'channels-first' {
  const axis = call.config.axis('axis', -1)
  const positive = axis < 0 ? rankOf(x) + axis : axis
  if (positive === rankOf(x) - 1) return rankOf(x) === 2 ? 'as-is' : 'channels-first'
  if (positive === 1) return 'as-is'
  throw new KerasFault(
    `axis ${axis} is neither the last nor the first behind the batch: batch normalization is over channels here`,
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
  return perChannel(call, attributes)
}

/** BatchNorm2d over the channels of a vector, a sequence, a map, BatchNorm3d over those of a volume. */
function perChannel(call: Call, attributes: Record<string, unknown>): KerasTensor {
  const x = call.input(2, 3, 4, 5)
  const layout = channelsAtOne(call, x)
  const normalize = (map: KerasTensor) => call.add(rankOf(map) === 5 ? 'BatchNorm3d' : 'BatchNorm2d', map, attributes, map.layout)
  if (rankOf(x) >= 4) return normalize(call.arrange(x, layout))
  if (rankOf(x) === 3) return alongOneAxis(call, normalize, layout)
  // The statistics of a vector's elements are in the order of the elements, as a Dense's weights are.
  const vector = x.layout === 'mixed' && call.shared ? call.arrange(x, 'as-is') : x
  const map = call.add('Reshape', vector, { shape: [x.shape[1]!, 1, 1] }, 'as-is', 'map')
  const y = call.add('Reshape', normalize(map), { shape: [x.shape[1]!] }, vector.layout, 'vector')
  return vector.map ? { ...y, map: vector.map } : y
}

/**
 * Keras `Normalization` in inference: (x − mean) / √variance of each channel. Where they are adapted they are weights that
 * nothing trains, our buffers; where they are given, constants.
 */
export const normalization: LayerClass = (call) => {
  if (call.config.flag('invert', false)) throw call.config.wrong('invert', 'false, the only one known here')
  // Keras bounds the root from below by 1e-7 where we add to the variance.
  if (call.config.value('mean') === undefined) return perChannel(call, { affine: false, eps: 1e-7 })
  const [mean, variance] = [call.config.constant('mean', 0), call.config.constant('variance', 1)]
  const root = (value: number) => Math.max(Math.sqrt(Math.max(value, 0)), 1e-7)
  const factor = typeof variance === 'number' ? 1 / root(variance) : variance.map((value) => 1 / root(value))
  const at = (value: number | number[], i: number) => (typeof value === 'number' ? value : (value[i] ?? Number.NaN))
  const several = [mean, factor].find((value) => typeof value !== 'number')
  const summand = Array.from({ length: several?.length ?? 1 }, (_, i) => -at(mean, i) * at(factor, i))
  if (!summand.every(Number.isFinite)) throw call.config.wrong('variance', 'as long as mean')
  return affine(call, call.input(), factor, summand)
}

/** Keras `LayerNormalization` over the last axes. The channels must be last, as in Keras. */
export const layerNormalization: LayerClass = (call) => {
  const x = call.input()
  const given = call.config.value('axis')
  const axes = (given === undefined ? [-1] : call.config.integers('axis', -7)).map((axis) => (axis < 0 ? rankOf(x) + axis : axis))
  const last = axes.map((_, i) => rankOf(x) - axes.length + i)
  if (axes.length === 0 || axes.length >= rankOf(x) || !last.every((axis) => axes.includes(axis)))
    throw call.config.wrong('axis', 'the last axis, or the last ones')
  if (call.config.flag('rms_scaling', false)) throw call.config.wrong('rms_scaling', 'false, the only one known here')
  const [scale, bias] = [call.config.flag('scale', true), call.config.flag('center', true)]
  if (bias && !scale) throw call.config.wrong('scale', 'true where center is')
  const eps = call.config.number('epsilon', 1e-3)
  if (!(eps > 0 && eps <= 1)) throw call.config.wrong('epsilon', 'a number above 0 and at most 1')
  const from = rankOf(x) > 2 || (x.layout === 'mixed' && call.shared) ? call.arrange(x, 'as-is') : x
  return {
    ...call.add('LayerNorm', from, { dims: axes.length, eps, affine: scale, bias }, from.layout),
    ...(from.map ? { map: from.map } : {}),
  }
}

/** Keras `GroupNormalization` over groups of channels; -1 groups are as many as channels. */
export const groupNormalization: LayerClass = (call) => {
  const x = call.input()
  const layout = channelsAtOne(call, x)
  const given = x.layout === 'mixed' ? call.arrange(x, 'as-is') : rankOf(x) > 2 ? call.arrange(x, layout) : x
  const affine = call.config.flag('scale', true)
  if (affine !== call.config.flag('center', true)) throw call.config.wrong('center', `${affine}, as scale is`)
  const eps = call.config.number('epsilon', 1e-3)
  if (!(eps > 0 && eps <= 1)) throw call.config.wrong('epsilon', 'a number above 0 and at most 1')
  const groups = call.config.value('groups') === -1 ? given.shape[1]! : call.config.size('groups', 32)
  return call.add('GroupNorm', given, { groups, eps, affine }, given.layout)
}
