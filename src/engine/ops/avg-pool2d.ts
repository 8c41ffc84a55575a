import type { Tensor4D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { padMap } from './lowering/layout.ts'
import { readAveragePool } from './onnx-window.ts'
import {
  checkPoolPadding,
  featureMap,
  fieldOf,
  type Geometry,
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
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  countIncludePad: Type.Optional(Type.Boolean({ description: 'Count padding zeros into the mean. Default true; TensorFlow does not.' })),
  functional,
})

interface AvgPool2dAttributes extends WindowAttributes {
  countIncludePad: boolean
  functional?: true
}

/** How many elements each window's mean is over, along one axis. */
function counts(g: Geometry, size: Pair, i: 0 | 1, includePad: boolean): number[] {
  const [low, high] = includePad ? [-g.pads[i], size[i] + g.pads[i + 2]!] : [0, size[i]]
  return Array.from({ length: g.output[i] }, (_, o) => {
    const start = o * g.stride[i] - g.pads[i]
    return Math.min(start + g.kernel[i], high) - Math.max(start, low)
  })
}

/**
 * What corrects means that were taken over whole windows: Kh·Kw / elements counted, per position [height, width]; null
 * where every window is whole. PyTorch clips a window to the padded input (countIncludePad) or to the input.
 */
export function divisorCorrection(size: Pair, a: AvgPool2dAttributes): Float32Array | null {
  const g = windowGeometry(size, a)
  const rows = counts(g, size, 0, a.countIncludePad)
  const columns = counts(g, size, 1, a.countIncludePad)
  const whole = g.kernel[0] * g.kernel[1]
  const map = Float32Array.from(rows.flatMap((row) => columns.map((column) => whole / (row * column))))
  return map.every((factor) => factor === 1) ? null : map
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
  onnx: (emit, { inputs }, a) => {
    const { size } = featureMap(inputs[0]!, 'AvgPool2d')
    const { pads, overhang, output } = windowGeometry(size, a)
    const window = {
      kernel_shape: a.kernelSize,
      strides: a.stride,
      pads: [pads[0], pads[1], pads[2] + overhang[0], pads[3] + overhang[1]],
    }
    // The overhang of ceil mode is written as padding, since runtimes disagree on how ceil_mode divides. Where it
    // must not count although padding does, the mean over whole windows is corrected afterwards.
    const correction = a.countIncludePad ? divisorCorrection(size, a) : null
    if (!correction) return emit.node('AveragePool', emit.inputs, emit.outputs, { ...window, count_include_pad: a.countIncludePad ? 1 : 0 })
    const mean = emit.temporary('mean')
    emit.node('AveragePool', emit.inputs, [mean], { ...window, count_include_pad: 1 })
    emit.node('Mul', [mean, emit.constant('correction', [1, 1, ...output], correction)], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const { size } = featureMap(inputs[0]!, 'AvgPool2d')
    const geometry = windowGeometry(size, a)
    const map = divisorCorrection(size, a)
    const correction = map ? tf.tensor(map, [1, ...geometry.output, 1]) : null
    const window: [number, number] = [a.kernelSize[0], a.kernelSize[1]]
    const strides: [number, number] = [a.stride[0], a.stride[1]]
    return ([x]) => {
      const mean = tf.avgPool(padMap(tf, x as Tensor4D, geometry, 0), window, strides, 'valid')
      return correction ? tf.mul(mean, correction) : mean
    }
  },
})
