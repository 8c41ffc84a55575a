import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import type { OnnxEmitter } from '../formats/onnx-emitter.ts'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { canonicalFunctional, functional } from './shared/functional.ts'
import { channelsLast, padded, withHeight, withWindowHeight } from './shared/lowering/channels-last.ts'
import { filled } from './shared/onnx-emit.ts'
import { onnxWindow, spatialSizes, spelledWindow } from './shared/onnx-window.ts'
import {
  canonicalPerDim,
  canonicalWindow,
  dilation,
  nouns,
  perDim,
  type Rank,
  type SpelledWindow,
  spatial,
  windowAttributes,
  windowElements,
  windowOf,
} from './shared/spatial.ts'
import { checkPoolPadding, fieldOf, type Geometry, padsWithOverhang, type SpatialWindow, windowGeometry } from './shared/window.ts'

const attributesOf = (rank: Rank) =>
  Type.Object({
    ...windowAttributes(rank),
    dilation: dilation(rank),
    ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
    countIncludePad: Type.Optional(Type.Boolean({ description: 'Count padding zeros into the mean. Default true; TensorFlow does not.' })),
    functional,
  })

interface AvgPoolAttributes extends SpelledWindow {
  countIncludePad: boolean
  functional?: true
}

/** Reads `AveragePool` of this rank. */
const readAveragePool =
  (rank: Rank) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatialSizes(node, rank)
    if (!sizes) return null
    const window = spelledWindow(onnxWindow(node, sizes, node.ints('kernel_shape') ?? []))
    return { attributes: { ...window, ceilMode: node.int('ceil_mode', 0) === 1, countIncludePad: node.int('count_include_pad', 0) === 1 } }
  }

/** How many elements the mean of window `o` along one axis is over. */
function counted(g: Geometry, size: readonly number[], i: number, includePad: boolean, o: number): number {
  const [low, high] = includePad ? [-g.pads[i]!, size[i]! + g.pads[size.length + i]!] : [0, size[i]!]
  const start = o * g.stride[i]! - g.pads[i]!
  const step = g.dilation[i]!
  const [first, end] = [Math.max(0, Math.ceil((low - start) / step)), Math.min(g.kernel[i]!, Math.ceil((high - start) / step))]
  return Math.max(0, end - first)
}

/**
 * What corrects means that were taken over whole windows: the window's elements / elements counted, per position, the
 * last dim fastest, as what makes it; null where every window is whole. PyTorch clips a window to the padded input (countIncludePad) or to
 * the input.
 */
function divisorCorrection(size: readonly number[], a: SpatialWindow, countIncludePad: boolean): (() => Float32Array) | null {
  const g = windowGeometry(size, a)
  const along = (i: number, o: number): number => counted(g, size, i, countIncludePad, o)
  // The first and the last window are those that an edge clips most.
  if (size.every((_, i) => along(i, 0) === g.kernel[i] && along(i, g.output[i]! - 1) === g.kernel[i])) return null
  return () => {
    let factors = Float64Array.of(1)
    for (let i = 0; i < size.length; i++) {
      const length = g.output[i]!
      const wider = new Float64Array(factors.length * length)
      for (let o = 0; o < length; o++) {
        const [kernel, count] = [g.kernel[i]!, along(i, o)]
        for (let k = 0; k < factors.length; k++) wider[k * length + o] = (factors[k]! * kernel) / count
      }
      factors = wider
    }
    return Float32Array.from(factors)
  }
}

/** Average pooling as ONNX writes it. */
function emitMean(emit: OnnxEmitter, channels: number, size: readonly number[], a: SpatialWindow, countIncludePad: boolean): void {
  const geometry = windowGeometry(size, a)
  const pads = padsWithOverhang(geometry)
  // Windows of one element pick, as NASNet has them behind a Pad: ONNX Runtime would join the two and refuse what it made.
  if (geometry.kernel.every((side) => side === 1) && pads.every((pad) => pad === 0)) {
    const dims = size.map((_, i) => i + 2)
    const list = (hint: string, numbers: readonly number[]) => emit.constant(hint, [numbers.length], numbers.map(BigInt))
    const range = [
      list(
        'starts',
        dims.map(() => 0),
      ),
      list('ends', size),
      list('axes', dims),
      list('steps', geometry.stride),
    ]
    emit.node('Slice', [emit.inputs[0]!, ...range], emit.outputs)
    return
  }
  if (geometry.dilation.some((step) => step > 1)) {
    emitDilatedMean(emit, channels, size, a, countIncludePad)
    return
  }
  const window = { kernel_shape: a.kernelSize, strides: a.stride, pads }
  // The overhang is written as padding. Where it must not count although padding does, the mean over whole windows is
  // corrected afterwards.
  const correction = countIncludePad ? divisorCorrection(size, a, true) : null
  if (!correction) {
    emit.node('AveragePool', emit.inputs, emit.outputs, { ...window, count_include_pad: countIncludePad ? 1 : 0 })
    return
  }
  const mean = emit.temporary('mean')
  emit.node('AveragePool', emit.inputs, [mean], { ...window, count_include_pad: 1 })
  emit.node('Mul', [mean, emit.constant('correction', [1, 1, ...geometry.output], correction)], emit.outputs)
}

/** A dilated one, which AveragePool has from opset 19 only: a sum by a convolution of each channel with ones, then divided. */
function emitDilatedMean(emit: OnnxEmitter, channels: number, size: readonly number[], a: SpatialWindow, countIncludePad: boolean): void {
  const geometry = windowGeometry(size, a)
  const { kernel, stride, dilation: dilations, output } = geometry
  const sum = emit.temporary('sum')
  const ones = filled(emit, 'ones', [channels, 1, ...kernel], 1)
  const window = { kernel_shape: kernel, strides: stride, dilations, pads: padsWithOverhang(geometry), group: channels }
  emit.node('Conv', [emit.inputs[0]!, ones], [sum], window)
  const taps = product(...kernel)
  const factors = divisorCorrection(size, a, countIncludePad) ?? (() => new Float32Array(product(...output)).fill(1))
  const divisors = emit.constant('divisors', [1, 1, ...output], () => factors().map((factor) => taps / factor))
  emit.node('Div', [sum, divisors], emit.outputs)
}

/** The mean of each whole window of a tensor with channels last that is padded already, where its elements lie apart. */
function dilatedMean(tf: typeof tfjs, { kernel, stride, dilation: steps, output }: Geometry): (x: tfjs.Tensor) => tfjs.Tensor {
  const taps = product(...kernel)
  return (x) => {
    const sums: tfjs.Tensor[] = []
    for (let tap = 0; tap < taps; tap++) {
      let rest = tap
      const begin = new Array<number>(kernel.length)
      for (let i = kernel.length - 1; i >= 0; i--) {
        begin[i] = (rest % kernel[i]!) * steps[i]!
        rest = Math.floor(rest / kernel[i]!)
      }
      const end = begin.map((from, i) => from + (output[i]! - 1) * stride[i]! + 1)
      sums.push(tf.stridedSlice(x, [0, ...begin, 0], [x.shape[0]!, ...end, x.shape.at(-1)!], [1, ...stride, 1]))
    }
    return tf.div(tf.addN(sums), taps)
  }
}

/**
 * Average pooling as PyTorch's `nn.AvgPool1d` to `3d`, which do not dilate, and ONNX's AveragePool; stride defaults to the kernel. As many window reads as the window
 * has elements, one addition fewer and one division per output element, padding included.
 */
const avgPool = (rank: Rank) => {
  const type = `AvgPool${rank}d`
  return defineOp({
    type,
    summary: `Mean of each window of a ${nouns[rank]}, per channel.`,
    attributes: attributesOf(rank),
    arity: takes(1),
    canonical: (raw: Static<ReturnType<typeof attributesOf>>): AvgPoolAttributes => ({
      ...canonicalWindow(rank, raw, raw.kernelSize),
      ...(raw.dilation === undefined || perDim(rank, raw.dilation).every((step) => step === 1)
        ? {}
        : { dilation: canonicalPerDim(rank, raw.dilation) }),
      ceilMode: raw.ceilMode ?? false,
      countIncludePad: raw.countIncludePad ?? true,
      ...canonicalFunctional(raw),
    }),
    shape: ([x], a) => {
      const { batch, channels, size } = spatial(rank, x!, type)
      const geometry = windowGeometry(size, windowOf(rank, a))
      checkPoolPadding(geometry)
      return [[batch, channels].concat(geometry.output)]
    },
    quantities: ({ outputs }, a) => {
      const elements = numel(outputs[0]!)
      const window = windowElements(rank, a)
      return { windowReads: product(elements, window), additions: product(elements, window - 1), divisions: elements }
    },
    channelsRead: sameChannels,
    field: (_shapes, a) => fieldOf(windowOf(rank, a)),
    fromOnnx: { AveragePool: readAveragePool(rank) },
    onnx: (emit, { inputs }, a) => emitMean(emit, inputs[0]![1]!, inputs[0]!.slice(2), windowOf(rank, a), a.countIncludePad),
    tfjs: (tf, { attributes: a, inputs, reserve }) => {
      const size = withHeight(inputs[0]!.slice(2), 1)
      const window = withWindowHeight(windowOf(rank, a))
      const geometry = windowGeometry(size, window)
      const factors = divisorCorrection(size, window, a.countIncludePad)
      if (factors) reserve(geometry.output)
      const correction = factors ? tf.tensor(factors(), [1, ...geometry.output, 1]) : null
      const { kernel, stride } = geometry
      const dilated = geometry.dilation.some((step) => step > 1) ? dilatedMean(tf, geometry) : null
      const pool = (x: tfjs.Tensor) =>
        dilated
          ? dilated(x)
          : rank === 3
            ? tf.avgPool3d(x as tfjs.Tensor5D, kernel as [number, number, number], stride as [number, number, number], 'valid')
            : tf.avgPool(x as tfjs.Tensor4D, kernel as [number, number], stride as [number, number], 'valid')
      return channelsLast(tf, rank, (x) => {
        const mean = pool(padded(tf, x, geometry, 0))
        return correction ? tf.mul(mean, correction) : mean
      })
    },
  })
}

export const avgPool1d = avgPool(1)
export const avgPool2d = avgPool(2)
export const avgPool3d = avgPool(3)
