import { activate, softmax as softmaxOver } from '../activations.ts'
import { affine } from '../affine.ts'
import type { Call, LayerClass } from '../call.ts'
import { type KerasTensor, rankOf } from '../tensor.ts'

/** A layer that leaves each element where it is, whatever the order of elements. */
const inPlace = (call: Call, type: string, attributes: Record<string, unknown> = {}): KerasTensor => {
  const x = call.input()
  return { ...call.add(type, x, attributes, x.layout), ...(x.map ? { map: x.map } : {}) }
}

/** Keras `Activation`: one engine layer under the layer's own name, an Identity for `linear`. */
export const activation: LayerClass = (call) => {
  const x = call.input()
  const y = activate(call, x, true)
  return y === x ? inPlace(call, 'Identity') : y
}

/** Keras `ReLU`: with `max_value` a clipped one, with `negative_slope` alone a leaky one. */
export const relu: LayerClass = (call) => {
  const most = call.config.value('max_value') === undefined ? undefined : call.config.number('max_value', 0)
  const slope = call.config.number('negative_slope', 0)
  if (call.config.number('threshold', 0) !== 0) throw call.config.wrong('threshold', '0, the only one known here')
  if (most === undefined) return slope === 0 ? inPlace(call, 'ReLU') : inPlace(call, 'LeakyReLU', { negativeSlope: slope })
  if (!(most > 0)) throw call.config.wrong('max_value', 'a number above 0, or null')
  if (slope !== 0) throw call.config.wrong('negative_slope', '0 where there is a max_value')
  return most === 6 ? inPlace(call, 'ReLU6') : inPlace(call, 'HardTanh', { min: 0, max: most })
}

/** Keras 2 calls the slope `alpha`, Keras 3 `negative_slope`. */
export const leakyRelu: LayerClass = (call) =>
  inPlace(call, 'LeakyReLU', { negativeSlope: call.config.number('negative_slope', call.config.number('alpha', 0.3)) })

export const elu: LayerClass = (call) => inPlace(call, 'ELU', { alpha: call.config.number('alpha', 1) })

/** A slope for each channel: for vectors as it is, for maps and sequences with the other axes shared. */
export const prelu: LayerClass = (call) => {
  const x = call.input()
  const others = Array.from({ length: rankOf(x) - 2 }, (_, i) => i + (call.mapLayout === 'channels-first' ? 1 : 2))
  const given = call.config.value('shared_axes')
  const shared = given === undefined ? [] : call.config.integers('shared_axes', -7).map((axis) => (axis < 0 ? rankOf(x) + axis : axis))
  if (new Set(shared).size !== others.length || !others.every((axis) => shared.includes(axis)))
    throw call.config.wrong('shared_axes', `[${others.join(', ')}]: a slope for each channel is what is known here`)
  const from = rankOf(x) > 2 ? call.arrange(x, call.mapLayout) : x.layout === 'mixed' && call.shared ? call.arrange(x, 'as-is') : x
  return { ...call.add('PReLU', from, {}, from.layout), ...(from.map ? { map: from.map } : {}) }
}

/** x·scale + offset, numbers or one for each channel (Keras `Rescaling`). */
export const rescaling: LayerClass = (call) =>
  affine(call, call.input(), call.config.constant('scale', 1), call.config.constant('offset', 0))

/** A learned factor of each channel (ConvNeXt's `LayerScale`, of keras.applications). */
export const layerScale: LayerClass = (call) => {
  const given = call.input()
  const x = given.layout === 'mixed' ? call.arrange(given, 'as-is') : given
  const shape = x.layout === 'channels-first' ? [x.shape[1]!, ...x.shape.slice(2).map(() => 1)] : [x.shape.at(-1)!]
  return call.add('Mul', [x, call.add('Parameter', [], { shape }, x.layout, 'gamma')], {}, x.layout)
}

export const softmax: LayerClass = (call) => {
  const x = call.input()
  const { type, attributes } = softmaxOver(x, call.config.axis('axis', -1))
  return inPlace(call, type, attributes)
}

/** What passes its input on in inference, having dropped elements in training. */
export const dropout: LayerClass = (call) => {
  const p = call.config.number('rate', 0.5)
  if (p < 0 || p > 1) throw call.config.wrong('rate', 'a number from 0 to 1')
  return inPlace(call, 'Dropout', { p })
}

/** What acts in training alone. */
export const nothing: LayerClass = (call) => inPlace(call, 'Identity')
