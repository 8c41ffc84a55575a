import type { Call } from '../call.ts'
import type { KerasTensor } from '../tensor.ts'
import type { LayerClass } from './index.ts'
import { alongOneAxis } from './one-axis.ts'

const padding = (call: Call) => call.config.word('padding', ['valid', 'same'], 'valid')

/** TensorFlow's mean is over the elements there are: padding does not count. */
const divides = (type: string) => (type === 'AvgPool2d' ? { countIncludePad: false } : {})

const pool2d =
  (type: 'MaxPool2d' | 'AvgPool2d'): LayerClass =>
  (call) => {
    const x = call.mapInput(4)
    const kernelSize = call.config.sizes('pool_size', 2, [2, 2])
    return call.add(
      type,
      x,
      { kernelSize, stride: call.config.sizes('strides', 2, kernelSize), padding: padding(call), ...divides(type) },
      x.layout,
    )
  }

const pool1d =
  (type: 'MaxPool2d' | 'AvgPool2d'): LayerClass =>
  (call) => {
    const [size] = call.config.sizes('pool_size', 1, [2]) as [number]
    const [stride] = call.config.sizes('strides', 1, [size]) as [number]
    return alongOneAxis(call, (x) =>
      call.add(type, x, { kernelSize: [size, 1], stride: [stride, 1], padding: padding(call), ...divides(type) }, x.layout),
    )
  }

/** The mean of each channel; a vector, or with `keepdims` a map of one element. */
export const globalAveragePooling2d: LayerClass = (call) => {
  const x = call.mapInput(4)
  const means = call.add('GlobalAvgPool2d', x, {}, x.layout)
  return call.config.flag('keepdims', false) ? means : call.add('Flatten', means, {}, 'as-is', 'flat')
}

export const globalAveragePooling1d: LayerClass = (call) => {
  const x = call.arrange(call.input(3), call.mapLayout)
  const map = call.add('Reshape', x, { shape: [...x.shape.slice(1), 1] }, x.layout, 'map')
  const means: KerasTensor = call.add('GlobalAvgPool2d', map, {}, x.layout)
  const keep = call.config.flag('keepdims', false)
  return call.add('Reshape', means, { shape: keep ? [x.shape[1]!, 1] : [x.shape[1]!] }, keep ? x.layout : 'as-is', 'means')
}

export const maxPooling2d = pool2d('MaxPool2d')
export const averagePooling2d = pool2d('AvgPool2d')
export const maxPooling1d = pool1d('MaxPool2d')
export const averagePooling1d = pool1d('AvgPool2d')
