import { activate } from '../activations.ts'
import type { Call } from '../call.ts'
import { KerasFault } from '../fault.ts'
import type { KerasTensor } from '../tensor.ts'
import type { LayerClass } from './index.ts'
import { alongOneAxis } from './one-axis.ts'

const padding = (call: Call) => call.config.word('padding', ['valid', 'same'], 'valid')

const window = (call: Call) => ({
  kernelSize: call.config.sizes('kernel_size', 2),
  stride: call.config.sizes('strides', 2, [1, 1]),
  padding: padding(call),
  dilation: call.config.sizes('dilation_rate', 2, [1, 1]),
})

const bias = (call: Call): boolean => call.config.flag('use_bias', true)

/** Convolution (Keras `Conv2D`): kernel Kh×Kw×I/groups×O. */
export const conv2d: LayerClass = (call) => {
  const x = call.mapInput(4)
  const attributes = { outChannels: call.config.size('filters'), ...window(call), groups: call.config.size('groups', 1), bias: bias(call) }
  return activate(call, call.add('Conv2d', x, attributes, x.layout))
}

const perChannel = (call: Call, x: KerasTensor, own: { bias: boolean }, part?: string): KerasTensor => {
  const channels = x.shape[1]!
  const outChannels = channels * call.config.size('depth_multiplier', 1)
  return call.add('Conv2d', x, { outChannels, ...window(call), groups: channels, ...own }, x.layout, part)
}

/** Each channel by itself (Keras `DepthwiseConv2D`): `depth_multiplier` outputs a channel, beside one another. */
export const depthwiseConv2d: LayerClass = (call) => activate(call, perChannel(call, call.mapInput(4), { bias: bias(call) }))

/** A depthwise convolution without bias, then a 1×1 convolution (Keras `SeparableConv2D`): two layers here. */
export const separableConv2d: LayerClass = (call) => {
  const mid = perChannel(call, call.mapInput(4), { bias: false }, 'depthwise')
  const pointwise = { outChannels: call.config.size('filters'), kernelSize: 1, bias: bias(call) }
  return activate(call, call.add('Conv2d', mid, pointwise, mid.layout, 'pointwise'))
}

/** Keras `Conv1D`, `causal` included: the convolution of a map one element wide. */
export const conv1d: LayerClass = (call) => {
  const [kernel, stride, dilation] = ['kernel_size', 'strides', 'dilation_rate'].map(
    (key) => call.config.sizes(key, 1, key === 'kernel_size' ? undefined : [1])[0]!,
  ) as [number, number, number]
  const word = call.config.word('padding', ['valid', 'same', 'causal'], 'valid')
  const attributes = {
    outChannels: call.config.size('filters'),
    kernelSize: [kernel, 1],
    stride: [stride, 1],
    padding: word === 'causal' ? [dilation * (kernel - 1), 0, 0, 0] : word,
    dilation: [dilation, 1],
    groups: call.config.size('groups', 1),
    bias: bias(call),
  }
  const y = alongOneAxis(call, (x) => call.add('Conv2d', x, attributes, x.layout))
  return activate(call, y)
}

/** y = x·K + b on the last axis (Keras `Dense`). On maps and sequences that is a 1×1 convolution. */
export const dense: LayerClass = (call) => {
  const units = call.config.size('units')
  const x = call.input()
  if (x.shape.length === 2) {
    // Weights that are shared must mean the same elements at every call.
    const vector = x.layout === 'mixed' && call.shared ? call.arrange(x, 'as-is') : x
    return activate(call, call.add('Linear', vector, { outFeatures: units, bias: bias(call) }, 'as-is'))
  }
  const pointwise = (map: KerasTensor) => call.add('Conv2d', map, { outChannels: units, kernelSize: 1, bias: bias(call) }, map.layout)
  if (x.shape.length === 3) return activate(call, alongOneAxis(call, pointwise, 'channels-first'))
  if (x.shape.length === 4) return activate(call, pointwise(call.arrange(x, 'channels-first')))
  throw new KerasFault(`Dense takes a vector, a sequence or a map here, but its input has ${x.shape.length - 1} axes beside the batch`)
}
