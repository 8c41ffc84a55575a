import { activate } from '../activations.ts'
import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import type { KerasTensor } from '../tensor.ts'
import { alongOneAxis } from './one-axis.ts'

type Axes = 1 | 2 | 3

/** One number for each spatial axis. The engine has at least two; a missing axis has one element. */
const along = (call: Call, axes: Axes, key: string, otherwise?: readonly number[]): number[] => {
  const given = call.config.sizes(key, axes, otherwise)
  return axes === 1 ? [...given, 1] : given
}

/** A window over `axes` spatial axes. */
const window = (call: Call, axes: Axes) => {
  const ones = new Array<number>(axes).fill(1)
  const kernelSize = along(call, axes, 'kernel_size')
  const dilation = along(call, axes, 'dilation_rate', ones)
  const padding =
    axes === 1 ? call.config.word('padding', ['valid', 'same', 'causal'], 'valid') : call.config.word('padding', ['valid', 'same'], 'valid')
  return {
    kernelSize,
    stride: along(call, axes, 'strides', ones),
    padding: padding === 'causal' ? [dilation[0]! * (kernelSize[0]! - 1), 0, 0, 0] : padding,
    dilation,
  }
}

const bias = (call: Call): boolean => call.config.flag('use_bias', true)

/** Runs `work` on the input as a map, a sequence as one that is one element wide, and its activation behind it. */
const over = (call: Call, axes: Axes, work: (map: KerasTensor) => KerasTensor): KerasTensor =>
  activate(call, axes === 1 ? alongOneAxis(call, work) : work(call.mapInput(axes + 2)))

/** Convolution (Keras `Conv1D` to `Conv3D`): kernel Kh×Kw×I/groups×O. */
const convolution =
  (axes: Axes): LayerClass =>
  (call) => {
    const attributes = {
      outChannels: call.config.size('filters'),
      ...window(call, axes),
      groups: call.config.size('groups', 1),
      bias: bias(call),
    }
    return over(call, axes, (x) => call.add(axes === 3 ? 'Conv3d' : 'Conv2d', x, attributes, x.layout))
  }

/**
 * Transposed convolution (Keras `Conv1DTranspose` to `Conv3DTranspose`). Its output is as long as Keras says, and what
 * TensorFlow cuts off then is halved, the larger part at the end.
 */
const transposed =
  (axes: Axes): LayerClass =>
  (call) => {
    const { kernelSize, stride, padding, dilation } = window(call, axes)
    if (typeof padding !== 'string') throw call.config.wrong('padding', 'one of "valid", "same"')
    const given = call.config.value('output_padding')
    const extra = given === undefined ? undefined : [given].flat().length === 1 ? new Array(axes).fill([given].flat()[0]) : given
    if (extra !== undefined && !(Array.isArray(extra) && extra.length === axes && extra.every((n) => Number.isInteger(n) && n >= 0)))
      throw call.config.wrong('output_padding', `null, or an integer for each of ${axes} axes`)
    const cut = kernelSize.map((size, i) => {
      const span = dilation[i]! * (size - 1) + 1
      // Beyond the window's last element where that is below 0.
      if (extra === undefined || i >= axes) return padding === 'same' ? span - stride[i]! : Math.min(0, span - stride[i]!)
      return (padding === 'same' ? 2 * Math.floor(span / 2) : 0) - (extra[i] as number)
    })
    const attributes = {
      outChannels: call.config.size('filters'),
      kernelSize,
      stride,
      dilation,
      padding: [...cut.map((n) => Math.floor(Math.max(0, n) / 2)), ...cut.map((n) => Math.ceil(Math.max(0, n) / 2))],
      outputPadding: cut.map((n) => Math.max(0, -n)),
      bias: bias(call),
    }
    return over(call, axes, (x) => call.add(axes === 3 ? 'ConvTranspose3d' : 'ConvTranspose2d', x, attributes, x.layout))
  }

const perChannel = (call: Call, axes: Axes, x: KerasTensor, own: { bias: boolean }, part?: string): KerasTensor => {
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
export const conv3d = convolution(3)
export const conv1dTranspose = transposed(1)
export const conv2dTranspose = transposed(2)
export const conv3dTranspose = transposed(3)
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
