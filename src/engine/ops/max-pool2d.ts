import type { Tensor4D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { largest } from './lowering/largest.ts'
import { padMap } from './lowering/layout.ts'
import { readMaxPool } from './onnx-window.ts'
import {
  checkPoolPadding,
  dilation,
  featureMap,
  fieldOf,
  kernelSize,
  Padding,
  type Pair,
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
  dilation: Type.Optional(dilation),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  functional,
})

interface MaxPool2dAttributes extends WindowAttributes {
  dilation: Pair
  functional?: true
}

/**
 * 2-D max pooling as PyTorch's `nn.MaxPool2d`; stride defaults to the kernel. Selects, never multiplies: 0 MACs,
 * Kh·Kw window reads and Kh·Kw − 1 comparisons per output element.
 */
export const maxPool2d = defineOp({
  type: 'MaxPool2d',
  summary: 'Largest element of each window, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): MaxPool2dAttributes => ({
    kernelSize: pair(raw.kernelSize),
    stride: pair(raw.stride ?? raw.kernelSize),
    padding: sides(raw.padding),
    dilation: pair(raw.dilation ?? 1),
    ceilMode: raw.ceilMode ?? false,
    ...canonicalFunctional(raw),
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = featureMap(x!, 'MaxPool2d')
    const geometry = windowGeometry(size, a)
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    const window = product(...a.kernelSize)
    return { windowReads: product(elements, window), comparisons: product(elements, window - 1) }
  },
  field: (_shapes, a) => fieldOf(a),
  fromOnnx: { MaxPool: readMaxPool(2) },
  onnx: (emit, { inputs }, a) => {
    const { pads, overhang } = windowGeometry(featureMap(inputs[0]!, 'MaxPool2d').size, a)
    // The overhang of ceil mode is written as padding: exporters and runtimes disagree on ceil_mode, not on pads.
    emit.node('MaxPool', emit.inputs, emit.outputs, {
      kernel_shape: a.kernelSize,
      strides: a.stride,
      pads: [pads[0], pads[1], pads[2] + overhang[0], pads[3] + overhang[1]],
      dilations: a.dilation,
    })
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const geometry = windowGeometry(featureMap(inputs[0]!, 'MaxPool2d').size, a)
    const padded = (x: Tensor4D) => padMap(tf, x, geometry, Number.NEGATIVE_INFINITY)
    const pool = largest(tf, a.kernelSize, a.stride, a.dilation)
    return ([x]) => pool(padded(x as Tensor4D))
  },
})
