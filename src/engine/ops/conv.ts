import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, type TfjsCall, type TfjsContext, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { channelAttributes, checkGroups, filterOperands, filterParameters, filterSlots, groupAttributes } from './shared/channels.ts'
import { groupChannels } from './shared/divided.ts'
import { byGroup, spread } from './shared/lowering/by-group.ts'
import { channelsLast, filterWithHeight, padded, withHeight, withWindowHeight } from './shared/lowering/channels-last.ts'
import { onnxWindow, spatialSizes, spelledWindow } from './shared/onnx-window.ts'
import {
  canonicalPerDim,
  canonicalWindow,
  dilation,
  type Rank,
  type SpelledWindow,
  spatial,
  windowAttributes,
  windowElements,
  windowOf,
} from './shared/spatial.ts'
import { fieldOf, type Geometry, windowGeometry } from './shared/window.ts'

type Tf = typeof tfjs

const attributesOf = (rank: Rank) =>
  Type.Object({ ...channelAttributes, ...windowAttributes(rank), dilation: dilation(rank), ...groupAttributes })

interface ConvolutionAttributes extends SpelledWindow {
  outChannels: number
  inChannels?: number
  groups: number
  bias: boolean
}

/** Reads `Conv` of this rank, weights from the file. */
const readConv =
  (rank: Rank) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatialSizes(node, rank)
    const weight = node.inputs[1]
    if (!sizes || !weight?.constant || (node.inputs[2] && !node.inputs[2].constant)) return null
    if (weight.shape.length !== rank + 2) node.refuse(`its weights are ${weight.shape.join('×')}, but must have ${rank + 2} dims`)
    const groups = node.int('group', 1)
    return {
      attributes: {
        outChannels: weight.shape[0]!,
        inChannels: weight.shape[1]! * groups,
        ...spelledWindow(onnxWindow(node, sizes, node.ints('kernel_shape') ?? weight.shape.slice(2))),
        groups,
        bias: node.inputs[2] !== undefined,
      },
      parameters: filterSlots(node),
    }
  }

/** Pads in the only spelling every TF.js back end takes for an N×H×W×C convolution. */
type ExplicitPads = 'valid' | [[number, number], [number, number], [number, number], [number, number]]
function explicitPads(pads: readonly number[]): ExplicitPads {
  const [top, left, bottom, right] = pads as [number, number, number, number]
  if (top + left + bottom + right === 0) return 'valid'
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]
}

/** Over maps, N×H×W×C: plain, by group, or depthwise where each group has one input channel. The weight is disposed. */
function overMaps(tf: Tf, weight: tfjs.Tensor, groups: number, { pads, stride, dilation }: Geometry): (x: tfjs.Tensor) => tfjs.Tensor {
  const pad = explicitPads(pads)
  const [down, across] = stride as [number, number]
  const [outChannels, perGroup, ...taps] = weight.shape as [number, number, number, number]
  const depthwise = perGroup === 1 && groups > 1
  const mustSpread = Math.max(...dilation) > 1 && (depthwise || Math.max(down, across) > 1)
  const dilations = (mustSpread ? [1, 1] : dilation) as [number, number]
  const laidOut = (filter: tfjs.Tensor) => (mustSpread ? spread(tf, filter, dilation) : filter)
  if (!depthwise)
    return byGroup(
      tf,
      weight,
      groups,
      (part) => laidOut(tf.transpose(part, [2, 3, 1, 0])),
      (x, filter) => tf.conv2d(x as tfjs.Tensor4D, filter as tfjs.Tensor4D, [down, across], pad, 'NHWC', dilations),
    )
  const filter = tf.tidy(() =>
    laidOut(tf.transpose(tf.reshape(weight, [groups, outChannels / groups, ...taps]), [2, 3, 0, 1])),
  ) as tfjs.Tensor4D
  weight.dispose()
  if (down === across) return (x) => tf.depthwiseConv2d(x as tfjs.Tensor4D, filter, down, pad, 'NHWC', dilations)
  // TensorFlow's kernels take one stride for both axes: take every position, then keep each stride-th one.
  return (x) => {
    const dense = tf.depthwiseConv2d(x as tfjs.Tensor4D, filter, 1, pad, 'NHWC')
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, down, across, 1])
  }
}

/** Over volumes, N×D×H×W×C. The weight is disposed. */
function overVolumes(tf: Tf, weight: tfjs.Tensor, groups: number, geometry: Geometry): (x: tfjs.Tensor) => tfjs.Tensor {
  const stride = geometry.stride as [number, number, number]
  const convolve = byGroup(
    tf,
    weight,
    groups,
    (part) => spread(tf, tf.transpose(part, [2, 3, 4, 1, 0]), geometry.dilation),
    (x, filter) => tf.conv3d(x as tfjs.Tensor5D, filter as tfjs.Tensor5D, stride, 'valid', 'NDHWC'),
  )
  return (x) => convolve(padded(tf, x, geometry, 0))
}

function lower(tf: Tf, rank: Rank, { attributes: a, inputs, parameters }: TfjsContext<ConvolutionAttributes>): TfjsCall {
  const geometry = windowGeometry(withHeight(inputs[0]!.slice(2), 1), withWindowHeight(windowOf(rank, a)))
  const over = rank === 3 ? overVolumes : overMaps
  const convolve = over(tf, filterWithHeight(tf, parameters.weight!), a.groups, geometry)
  return channelsLast(tf, rank, (x) => (a.bias ? tf.add(convolve(x), parameters.bias!) : convolve(x)))
}

/**
 * Convolution as PyTorch's `nn.Conv1d` to `3d`. Weight O × I/groups × K…, bias O. MACs = output elements ×
 * (I/groups × K…), the count of EECS 498-007 lecture 8 and of fvcore's `conv_flop_count`.
 */
const convolution = (rank: Rank) => {
  const type = `Conv${rank}d`
  return defineOp({
    type,
    summary: `${rank}-D convolution with stride, padding per side or "same", dilation, groups and bias.`,
    attributes: attributesOf(rank),
    arity: takes(1),
    canonical: (raw: Static<ReturnType<typeof attributesOf>>): ConvolutionAttributes => ({
      outChannels: raw.outChannels,
      ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
      ...canonicalWindow(rank, raw, 1),
      dilation: canonicalPerDim(rank, raw.dilation ?? 1),
      groups: raw.groups ?? 1,
      bias: raw.bias ?? true,
    }),
    shape: ([x], a) => {
      const { batch, channels, size } = spatial(rank, x!, type)
      checkGroups(channels, a)
      return [[batch, a.outChannels].concat(windowGeometry(size, windowOf(rank, a)).output)]
    },
    parameters: ([x], a) => {
      const { kernelSize } = windowOf(rank, a)
      const inChannels = x![1]! / a.groups
      return filterParameters([a.outChannels, inChannels].concat(kernelSize), product(inChannels, numel(kernelSize)), a)
    },
    quantities: ({ inputs, outputs }, a) => {
      const elements = numel(outputs[0]!)
      return {
        macs: product(elements, inputs[0]![1]! / a.groups, windowElements(rank, a)),
        biasAdds: a.bias ? elements : 0,
      }
    },
    channelsRead: (from, to, shapes, a) => groupChannels(from, to, shapes, a.groups),
    field: (_shapes, a) => fieldOf(windowOf(rank, a)),
    fromOnnx: { Conv: readConv(rank) },
    onnx: (emit, { inputs }, a) => {
      const { kernel, stride, dilation, pads } = windowGeometry(inputs[0]!.slice(2), windowOf(rank, a))
      emit.node('Conv', filterOperands(emit, a), emit.outputs, {
        kernel_shape: kernel,
        strides: stride,
        pads,
        dilations: dilation,
        group: a.groups,
      })
    },
    tfjs: (tf, context) => lower(tf, rank, context),
  })
}

export const conv1d = convolution(1)
export const conv2d = convolution(2)
export const conv3d = convolution(3)
