import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { canonicalFunctional, functional } from './shared/functional.ts'
import { channelsLast, padded, withHeight, withWindowHeight } from './shared/lowering/channels-last.ts'
import { onnxWindow, spatialSizes, spelledWindow } from './shared/onnx-window.ts'
import {
  canonicalPerDim,
  canonicalWindow,
  dilation,
  nouns,
  type Rank,
  type SpelledWindow,
  spatial,
  windowAttributes,
  windowElements,
  windowOf,
} from './shared/spatial.ts'
import { checkPoolPadding, fieldOf, type Geometry, padsWithOverhang, windowGeometry } from './shared/window.ts'

type Tf = typeof tfjs

const attributesOf = (rank: Rank) =>
  Type.Object({
    ...windowAttributes(rank),
    dilation: dilation(rank),
    ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
    functional,
  })

interface MaxPoolAttributes extends SpelledWindow {
  functional?: true
}

/** Reads `MaxPool` of this rank; its second output, indices, is not made. */
const readMaxPool =
  (rank: Rank) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatialSizes(node, rank)
    if (!sizes) return null
    const window = spelledWindow(onnxWindow(node, sizes, node.ints('kernel_shape') ?? []))
    return { attributes: { ...window, ceilMode: node.int('ceil_mode', 0) === 1 } }
  }

/** Largest element of each window of a map (N×H×W×C) that is padded already: its kernel, stride and dilation along both dims. */
function largest(
  tf: Tf,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): (x: tfjs.Tensor4D) => tfjs.Tensor4D {
  const window = [...kernel] as [number, number]
  const [down, across] = stride as [number, number]
  if (Math.max(...dilation) === 1) return (x) => tf.maxPool(x, window, [down, across], 'valid')
  // TF.js pools with dilation only at stride 1: take every position, then keep each stride-th one.
  return (x) => {
    const dense = tf.pool(x, window, 'max', 'valid', [...dilation] as [number, number], 1)
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, down, across, 1]) as tfjs.Tensor4D
  }
}

/**
 * The same of a volume (N×D×H×W×C), as two poolings of maps, rows and columns of each slice and then slices: TF.js's own
 * kernel does not dilate, and on the wasm back end (4.22) it finds nothing below 0.
 */
function largestOfVolume(tf: Tf, { kernel, stride, dilation }: Geometry): (x: tfjs.Tensor5D) => tfjs.Tensor {
  const alongPlane = largest(tf, kernel.slice(1), stride.slice(1), dilation.slice(1))
  const alongSlices = largest(tf, [kernel[0]!, 1], [stride[0]!, 1], [dilation[0]!, 1])
  return (x) => {
    const [n, d, h, w, c] = x.shape
    const planes = alongPlane(tf.reshape(x, [n * d, h, w, c]))
    const [, rows, columns] = planes.shape
    const slices = alongSlices(tf.reshape(planes, [n, d, rows * columns, c]))
    return tf.reshape(slices, [n, slices.shape[1], rows, columns, c])
  }
}

/**
 * Max pooling as PyTorch's `nn.MaxPool1d` to `3d`; stride defaults to the kernel. Selects, never multiplies: 0 MACs, as
 * many window reads as the window has elements and one comparison fewer per output element.
 */
const maxPool = (rank: Rank) => {
  const type = `MaxPool${rank}d`
  return defineOp({
    type,
    summary: `Largest element of each window of a ${nouns[rank]}, per channel.`,
    attributes: attributesOf(rank),
    arity: takes(1),
    canonical: (raw: Static<ReturnType<typeof attributesOf>>): MaxPoolAttributes => ({
      ...canonicalWindow(rank, raw, raw.kernelSize),
      dilation: canonicalPerDim(rank, raw.dilation ?? 1),
      ceilMode: raw.ceilMode ?? false,
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
      return { windowReads: product(elements, window), comparisons: product(elements, window - 1) }
    },
    field: (_shapes, a) => fieldOf(windowOf(rank, a)),
    channelsRead: sameChannels,
    fromOnnx: { MaxPool: readMaxPool(rank) },
    onnx: (emit, { inputs }, a) => {
      const geometry = windowGeometry(inputs[0]!.slice(2), windowOf(rank, a))
      emit.node('MaxPool', emit.inputs, emit.outputs, {
        kernel_shape: geometry.kernel,
        strides: geometry.stride,
        pads: padsWithOverhang(geometry),
        dilations: geometry.dilation,
      })
    },
    tfjs: (tf, { attributes: a, inputs }) => {
      const geometry = windowGeometry(withHeight(inputs[0]!.slice(2), 1), withWindowHeight(windowOf(rank, a)))
      const { kernel, stride, dilation } = geometry
      const pool = (rank === 3 ? largestOfVolume(tf, geometry) : largest(tf, kernel, stride, dilation)) as (x: tfjs.Tensor) => tfjs.Tensor
      return channelsLast(tf, rank, (x) => pool(padded(tf, x, geometry, Number.NEGATIVE_INFINITY)))
    },
  })
}

export const maxPool1d = maxPool(1)
export const maxPool2d = maxPool(2)
export const maxPool3d = maxPool(3)
