import type { Tensor4D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { padMap } from './lowering/layout.ts'
import { readAveragePool } from './onnx-window.ts'
import { divisorCorrection, emitMean } from './pooling.ts'
import {
  checkPoolPadding,
  featureMap,
  fieldOf,
  kernelSize,
  Padding,
  pair,
  sides,
  stride,
  type WindowAttributes,
  windowGeometry,
} from './window.ts'

const Attributes = Type.Object({
  kernelSize,
  stride: Type.Optional(stride),
  padding: Type.Optional(Padding),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  countIncludePad: Type.Optional(Type.Boolean({ description: 'Count padding zeros into the mean. Default true; TensorFlow does not.' })),
  functional,
})

interface AvgPool2dAttributes extends WindowAttributes {
  countIncludePad: boolean
  functional?: true
}

/**
 * 2-D average pooling as PyTorch's `nn.AvgPool2d`; stride defaults to the kernel. Kh·Kw window reads, Kh·Kw − 1
 * additions and one division per output element, padding included.
 */
export const avgPool2d = defineOp({
  type: 'AvgPool2d',
  summary: 'Mean of each window, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): AvgPool2dAttributes => ({
    kernelSize: pair(raw.kernelSize),
    stride: pair(raw.stride ?? raw.kernelSize),
    padding: sides(raw.padding),
    ceilMode: raw.ceilMode ?? false,
    countIncludePad: raw.countIncludePad ?? true,
    ...canonicalFunctional(raw),
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = featureMap(x!, 'AvgPool2d')
    const geometry = windowGeometry(size, a)
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    const window = product(...a.kernelSize)
    return { windowReads: product(elements, window), additions: product(elements, window - 1), divisions: elements }
  },
  field: (_shapes, a) => fieldOf(a),
  fromOnnx: { AveragePool: readAveragePool(2) },
  onnx: (emit, { inputs }, a) => emitMean(emit, featureMap(inputs[0]!, 'AvgPool2d').size, a, a.countIncludePad),
  tfjs: (tf, { attributes: a, inputs }) => {
    const { size } = featureMap(inputs[0]!, 'AvgPool2d')
    const geometry = windowGeometry(size, a)
    const map = divisorCorrection(size, a, a.countIncludePad)
    const correction = map ? tf.tensor(map, [1, ...geometry.output, 1]) : null
    const window: [number, number] = [a.kernelSize[0], a.kernelSize[1]]
    const strides: [number, number] = [a.stride[0], a.stride[1]]
    return ([x]) => {
      const mean = tf.avgPool(padMap(tf, x as Tensor4D, geometry, 0), window, strides, 'valid')
      return correction ? tf.mul(mean, correction) : mean
    }
  },
})
