import { activate, softmax as softmaxOver } from '../activations.ts'
import type { Call } from '../call.ts'
import { KerasFault } from '../fault.ts'
import type { KerasTensor } from '../tensor.ts'
import type { LayerClass } from './index.ts'

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

/** Keras `ReLU`, with the bounds that have an op of their own. */
export const relu: LayerClass = (call) => {
  const most = call.config.value('max_value')
  if (call.config.number('negative_slope', 0) !== 0 || call.config.number('threshold', 0) !== 0)
    throw new KerasFault('a ReLU with a negative_slope or a threshold is not known here: 0 is', '/config')
  if (most !== undefined && most !== 6) throw call.config.wrong('max_value', '6, or null')
  return inPlace(call, most === 6 ? 'ReLU6' : 'ReLU')
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
