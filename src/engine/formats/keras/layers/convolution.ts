import { activate } from '../activations.ts'
import type { Call } from '../call.ts'
import { KerasFault } from '../fault.ts'
import type { KerasTensor } from '../tensor.ts'
import type { LayerClass } from './index.ts'
import { alongOneAxis } from './one-axis.ts'

/** A window over `axes` spatial axes, as the engine's over two: an axis that is not there has one element. */
const window = (call: Call, axes: 1 | 2) => {
  const along = (key: string, otherwise?: readonly number[]) => [...call.config.sizes(key, axes, otherwise), 1].slice(0, 2)
  const kernelSize = along('kernel_size')
  const dilation = along('dilation_rate', [1, 1].slice(0, axes))
  const padding =
    axes === 2 ? call.config.word('padding', ['valid', 'same'], 'valid') : call.config.word('padding', ['valid', 'same', 'causal'], 'valid')
  return {
    kernelSize,
    stride: along('strides', [1, 1].slice(0, axes)),
    padding: padding === 'causal' ? [dilation[0]! * (kernelSize[0]! - 1), 0, 0, 0] : padding,
    dilation,
  }
}

const bias = (call: Call): boolean => call.config.flag('use_bias', true)

/** Runs `work` on the input as a map, a sequence as one that is one element wide, and its activation behind it. */
const over = (call: Call, axes: 1 | 2, work: (map: KerasTensor) => KerasTensor): KerasTensor =>
  activate(call, axes === 2 ? work(call.mapInput(4)) : alongOneAxis(call, work))

/** Convolution (Keras `Conv2D`, `Conv1D`): kernel Kh×Kw×I/groups×O. */
const convolution =
  (axes: 1 | 2): LayerClass =>
  (call) => {
    const attributes = {
      outChannels: call.config.size('filters'),
      ...window(call, axes),
      groups: call.config.size('groups', 1),
      bias: bias(call),
    }
    return over(call, axes, (x) => call.add('Conv2d', x, attributes, x.layout))
  }

const perChannel = (call: Call, axes: 1 | 2, x: KerasTensor, own: { bias: boolean }, part?: string): KerasTensor => {
  const channels = x.shape[1]!
  const outChannels = channels * call.config.size('depth_multiplier', 1)
  return call.add('Conv2d', x, { outChannels, ...window(call, axes), groups: channels, ...own }, x.layout, part)
}

/** Each channel by itself (Keras `DepthwiseConv2D`): `depth_multiplier` outputs a channel, beside one another. */
const depthwise =
  (axes: 1 | 2): LayerClass =>
  (call) =>
    over(call, axes, (x) => perChannel(call, axes, x, { bias: bias(call) }))

/** A depthwise convolution without bias, then a 1×1 convolution (Keras `SeparableConv2D`): two layers here. */
const separable =
  (axes: 1 | 2): LayerClass =>
  (call) => {
    const pointwise = { outChannels: call.config.size('filters'), kernelSize: 1, bias: bias(call) }
    return over(call, axes, (x) => {
      const mid = perChannel(call, axes, x, { bias: false }, 'depthwise')
      return call.add('Conv2d', mid, pointwise, mid.layout, 'pointwise')
    })
  }

export const conv1d = convolution(1)
export const conv2d = convolution(2)
export const depthwiseConv1d = depthwise(1)
export const depthwiseConv2d = depthwise(2)
export const separableConv1d = separable(1)
export const separableConv2d = separable(2)

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
