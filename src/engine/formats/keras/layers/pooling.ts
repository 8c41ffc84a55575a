import type { Call, LayerClass } from '../call.ts'
import type { KerasTensor } from '../tensor.ts'
import { alongOneAxis } from './one-axis.ts'

const padding = (call: Call) => call.config.word('padding', ['valid', 'same'], 'valid')

/** TensorFlow's mean is over the elements there are: padding does not count. */
const divides = (type: string) => (type === 'AvgPool' ? { countIncludePad: false } : {})

/** A window over the two axes of a map, or the three of a volume. */
const pool =
  (type: 'MaxPool' | 'AvgPool', axes: 2 | 3): LayerClass =>
  (call) => {
    const x = call.mapInput(axes + 2)
    const kernelSize = call.config.sizes('pool_size', axes, new Array(axes).fill(2))
    const stride = call.config.sizes('strides', axes, kernelSize)
    return call.add(`${type}${axes}d`, x, { kernelSize, stride, padding: padding(call), ...divides(type) }, x.layout)
  }

const pool1d =
  (type: 'MaxPool' | 'AvgPool'): LayerClass =>
  (call) => {
    const [size] = call.config.sizes('pool_size', 1, [2]) as [number]
    const [stride] = call.config.sizes('strides', 1, [size]) as [number]
    return alongOneAxis(call, (x) =>
      call.add(`${type}2d`, x, { kernelSize: [size, 1], stride: [stride, 1], padding: padding(call), ...divides(type) }, x.layout),
    )
  }

/** The mean or the largest element of each channel; a vector, or with `keepdims` a map of one element. */
const global2d =
  (type: 'GlobalAvgPool2d' | 'GlobalMaxPool2d'): LayerClass =>
  (call) => {
    const x = call.mapInput(4)
    const each = call.add(type, x, {}, x.layout)
    return call.config.flag('keepdims', false) ? each : call.add('Flatten', each, {}, 'as-is', 'flat')
  }

const global1d =
  (type: 'GlobalAvgPool2d' | 'GlobalMaxPool2d'): LayerClass =>
  (call) => {
    const x = call.arrange(call.input(3), call.mapLayout)
    const map = call.add('Reshape', x, { shape: [...x.shape.slice(1), 1] }, x.layout, 'map')
    const each: KerasTensor = call.add(type, map, {}, x.layout)
    const keep = call.config.flag('keepdims', false)
    const shape = keep ? [x.shape[1]!, 1] : [x.shape[1]!]
    return call.add('Reshape', each, { shape }, keep ? x.layout : 'as-is', type === 'GlobalAvgPool2d' ? 'means' : 'most')
  }

/** Over the three axes of a volume: a reduction, since there is no pooling of its own. */
const global3d =
  (kind: 'mean' | 'max'): LayerClass =>
  (call) => {
    const x = call.mapInput(5)
    const keepDims = call.config.flag('keepdims', false)
    return call.add('Reduce', x, { kind, dims: [2, 3, 4], keepDims }, keepDims ? x.layout : 'as-is')
  }

export const maxPooling3d = pool('MaxPool', 3)
export const averagePooling3d = pool('AvgPool', 3)
export const maxPooling2d = pool('MaxPool', 2)
export const averagePooling2d = pool('AvgPool', 2)
export const maxPooling1d = pool1d('MaxPool')
export const averagePooling1d = pool1d('AvgPool')
export const globalAveragePooling3d = global3d('mean')
export const globalMaxPooling3d = global3d('max')
export const globalAveragePooling2d = global2d('GlobalAvgPool2d')
export const globalMaxPooling2d = global2d('GlobalMaxPool2d')
export const globalAveragePooling1d = global1d('GlobalAvgPool2d')
export const globalMaxPooling1d = global1d('GlobalMaxPool2d')

/**
 * Adaptive pooling over the axes of a map (Keras `AdaptiveAveragePooling1D` to `3D` and the maxima): output row i of h is of rows
 * ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1, as PyTorch's. Where it comes out even, it is a window.
 */
const adaptive =
  (type: 'MaxPool' | 'AvgPool', axes: 1 | 2 | 3): LayerClass =>
  (call) => {
    const size = call.config.sizes('output_size', axes)
    const work = (x: KerasTensor): KerasTensor => {
      const outputSize = axes === 1 ? [...size, 1] : size
      if (type === 'AvgPool' && axes < 3) return call.add('AdaptiveAvgPool2d', x, { outputSize }, x.layout)
      const kernelSize = outputSize.map((out, i) => x.shape[i + 2]! / out)
      if (!kernelSize.every(Number.isInteger))
        throw call.config.wrong('output_size', `such that it divides the input, ${x.shape.slice(2, axes + 2).join('×')}`)
      return call.add(`${type}${axes === 3 ? 3 : 2}d`, x, { kernelSize, stride: kernelSize }, x.layout)
    }
    return axes === 1 ? alongOneAxis(call, work) : work(call.mapInput(axes + 2))
  }

export const adaptiveAveragePooling1d = adaptive('AvgPool', 1)
export const adaptiveAveragePooling2d = adaptive('AvgPool', 2)
export const adaptiveAveragePooling3d = adaptive('AvgPool', 3)
export const adaptiveMaxPooling1d = adaptive('MaxPool', 1)
export const adaptiveMaxPooling2d = adaptive('MaxPool', 2)
export const adaptiveMaxPooling3d = adaptive('MaxPool', 3)
