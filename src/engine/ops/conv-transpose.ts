import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, type TfjsCall, type TfjsContext, takes } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { channelAttributes, checkGroups, filterOperands, filterParameters, filterSlots, groupAttributes } from './shared/channels.ts'
import { groupChannels } from './shared/divided.ts'
import { byGroup, spread } from './shared/lowering/by-group.ts'
import { channelsLast, filterWithHeight, withHeight } from './shared/lowering/channels-last.ts'
import { type OnnxWindow, onnxWindow, spatialSizes } from './shared/onnx-window.ts'
import { amounts, paddingOf, padsPerSide, perDim, type Rank, sizes, spatial } from './shared/spatial.ts'
import { fieldOf } from './shared/window.ts'

type Tf = typeof tfjs

const attributesOf = (rank: Rank) =>
  Type.Object({
    ...channelAttributes,
    kernelSize: sizes(rank, 'Window size'),
    stride: Type.Optional(sizes(rank, 'Step of the window on the output')),
    padding: Type.Optional(paddingOf(rank)),
    outputPadding: Type.Optional(amounts(rank, 'Rows that the output has beyond those behind it')),
    dilation: Type.Optional(sizes(rank, 'Spacing of the window’s elements')),
    ...groupAttributes,
  })

interface TransposedAttributes {
  outChannels: number
  inChannels?: number
  kernelSize: readonly number[]
  stride: readonly number[]
  padding: readonly number[] | 'same'
  outputPadding: readonly number[]
  dilation: readonly number[]
  groups: number
  bias: boolean
}

interface Placed {
  output: number[]
  /** What is cut off the whole result before each dim and then after it. */
  pads: number[]
  outputPadding: number[]
}

/**
 * Position of the output in the whole result, which spans (size − 1)·stride + dilation·(kernel − 1) + 1 along a dim. Padding
 * cuts it at both ends, output padding lets it end later; `same`, as TensorFlow, makes it size·stride.
 * @throws ShapeError where nothing is left, or output padding reaches another step.
 */
function place(size: readonly number[], a: TransposedAttributes): Placed {
  const placed: Placed = { output: [], pads: new Array<number>(2 * size.length), outputPadding: [] }
  size.forEach((length, i) => {
    const stride = a.stride[i]!
    const extent = a.dilation[i]! * (a.kernelSize[i]! - 1) + 1
    const whole = (length - 1) * stride + extent
    let [before, after, extra] = [0, 0, a.outputPadding[i]!]
    if (a.padding === 'same') {
      const surplus = whole - length * stride
      if (extra > 0) throw new ShapeError('padding "same" sets the output’s size: leave outputPadding out', 'outputPadding')
      extra = Math.max(0, -surplus)
      before = Math.floor(Math.max(0, surplus) / 2)
      after = Math.max(0, surplus) - before
    } else {
      before = a.padding[i]!
      after = a.padding[size.length + i]!
      if (extra >= Math.max(stride, a.dilation[i]!))
        throw new ShapeError(`outputPadding ${extra} must be smaller than stride ${stride} or dilation ${a.dilation[i]}`, 'outputPadding')
    }
    const output = whole - before - after + extra
    if (output < 1)
      throw new ShapeError(
        `padding cuts ${before + after} off a result of ${whole}${extra ? ` + ${extra}` : ''}, which leaves nothing`,
        'padding',
      )
    placed.output.push(output)
    placed.pads[i] = before
    placed.pads[size.length + i] = after
    placed.outputPadding.push(extra)
  })
  return placed
}

/** Reads `ConvTranspose` of this rank, weights from the file. */
const readConvTranspose =
  (rank: Rank) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatialSizes(node, rank)
    const weight = node.inputs[1]
    if (!sizes || !weight?.constant || weight.shape.length !== rank + 2 || (node.inputs[2] && !node.inputs[2].constant)) return null
    const groups = node.int('group', 1)
    const window = onnxWindow(node, sizes, node.ints('kernel_shape') ?? weight.shape.slice(2))
    const outputPadding = node.ints('output_padding') ?? sizes.map(() => 0)
    const placed = statedPads(node, sizes, window, outputPadding)
    return {
      attributes: {
        outChannels: weight.shape[1]! * groups,
        inChannels: weight.shape[0]!,
        ...window,
        ...placed,
        groups,
        bias: node.inputs[2] !== undefined,
      },
      parameters: filterSlots(node),
    }
  }

/** Pads of a transposed convolution; where the file states the output's size instead, those that lead to it. */
function statedPads(
  node: OnnxNode,
  sizes: Shape,
  { kernelSize, stride, padding, dilation }: OnnxWindow,
  extra: readonly number[],
): { padding: readonly number[] | 'same'; outputPadding: readonly number[] } {
  const rule = node.text('auto_pad', 'NOTSET')
  const stated = node.ints('output_shape') ?? (rule.startsWith('SAME') ? sizes.map((size, i) => size * stride[i]!) : undefined)
  if (!stated) return { padding, outputPadding: [...extra] }
  const wanted = stated.slice(-sizes.length)
  const totals = sizes.map((size, i) => stride[i]! * (size - 1) + extra[i]! + dilation[i]! * (kernelSize[i]! - 1) + 1 - wanted[i]!)
  // A size beyond the reach of the window: only the bias is there, as in output padding.
  const pads = totals.map((total) => Math.max(0, total))
  const before = pads.map((total) => (rule === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)))
  return {
    padding: [...before, ...pads.map((total, i) => total - before[i]!)],
    outputPadding: totals.map((total, i) => extra[i]! + Math.max(0, -total)),
  }
}

/** The whole result without pads of a map, N×H×W×C, by TF.js's kernel; filter Kh×Kw×O×I, its taps spread. */
function wholeMap(tf: typeof tfjs, stride: readonly number[], x: tfjs.Tensor4D, filter: tfjs.Tensor4D): tfjs.Tensor {
  const [n, h, w] = x.shape
  const [kh, kw, o] = filter.shape
  const [sh, sw] = stride as [number, number]
  return tf.conv2dTranspose(x, filter, [n, (h - 1) * sh + kh, (w - 1) * sw + kw, o], [sh, sw], 'valid')
}

/**
 * The same of a volume, N×D×H×W×C, as the convolution that it is: zeros between the elements, a border of the window's
 * span, the filter (Kd×Kh×Kw×I×O) read backwards. TF.js's own kernel is wrong on the wasm back end (4.22).
 */
function wholeVolume(tf: typeof tfjs, stride: readonly number[], x: tfjs.Tensor5D, backwards: tfjs.Tensor5D): tfjs.Tensor {
  const border = backwards.shape.slice(0, 3).map((span): [number, number] => [span - 1, span - 1])
  return tf.conv3d(tf.pad(spread(tf, x, stride, 1), [[0, 0], ...border, [0, 0]]) as tfjs.Tensor5D, backwards, 1, 'valid', 'NDHWC')
}

/** On maps, sequences among them, and volumes, channels last. */
function lower(tf: Tf, rank: Rank, { attributes: a, inputs, parameters }: TfjsContext<TransposedAttributes>): TfjsCall {
  const placed = place(inputs[0]!.slice(2), a)
  const begin = withHeight(placed.pads.slice(0, placed.output.length), 0)
  const output = withHeight(placed.output, 1)
  const stride = withHeight(a.stride, 1)
  const dilation = withHeight(a.dilation, 1)
  const weight = filterWithHeight(tf, parameters.weight!)
  // The weight is I × O/groups × K…
  const convolve =
    rank === 3
      ? byGroup(
          tf,
          weight,
          a.groups,
          (part) => tf.reverse(spread(tf, tf.transpose(part, [2, 3, 4, 0, 1]), dilation), [0, 1, 2]),
          (x, filter) => wholeVolume(tf, stride, x as tfjs.Tensor5D, filter as tfjs.Tensor5D),
        )
      : byGroup(
          tf,
          weight,
          a.groups,
          (part) => spread(tf, tf.transpose(part, [2, 3, 1, 0]), dilation),
          (x, filter) => wholeMap(tf, stride, x as tfjs.Tensor4D, filter as tfjs.Tensor4D),
        )
  return channelsLast(tf, rank, (x) => {
    const y = convolve(x)
    const spans = y.shape.slice(1, -1)
    const beyond = spans.map((span, i): [number, number] => [0, Math.max(0, begin[i]! + output[i]! - span)])
    const reached = beyond.some(([, extra]) => extra > 0) ? tf.pad(y, [[0, 0], ...beyond, [0, 0]]) : y
    const uncut = begin.every((pad, i) => pad === 0 && spans[i]! <= output[i]!)
    const cut = uncut ? reached : tf.slice(reached, [0, ...begin, 0], [y.shape[0]!, ...output, y.shape.at(-1)!])
    return a.bias ? tf.add(cut, parameters.bias!) : cut
  })
}

/**
 * Transposed convolution as PyTorch's `nn.ConvTranspose1d` to `3d`: each input element adds its window of weights to the
 * output. Weight I × O/groups × K…, bias O. MACs = input elements × (O/groups × K), those of the convolution that it
 * transposes and the count of fvcore's `conv_flop_count`; what padding cuts off is counted.
 */
const transposed = (rank: Rank) => {
  const type = `ConvTranspose${rank}d`
  return defineOp({
    type,
    summary: `${rank}-D transposed convolution with stride, padding, output padding, dilation, groups and bias.`,
    attributes: attributesOf(rank),
    arity: takes(1),
    canonical: (raw: Static<ReturnType<typeof attributesOf>>): TransposedAttributes => ({
      outChannels: raw.outChannels,
      ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
      kernelSize: perDim(rank, raw.kernelSize),
      stride: perDim(rank, raw.stride ?? 1),
      padding: padsPerSide(rank, raw.padding),
      outputPadding: perDim(rank, raw.outputPadding ?? 0),
      dilation: perDim(rank, raw.dilation ?? 1),
      groups: raw.groups ?? 1,
      bias: raw.bias ?? true,
    }),
    shape: ([x], a) => {
      const { batch, channels, size } = spatial(rank, x!, type)
      checkGroups(channels, a)
      return [[batch, a.outChannels, ...place(size, a).output]]
    },
    parameters: ([x], a) => {
      const perGroup = a.outChannels / a.groups
      return filterParameters([x![1]!, perGroup, ...a.kernelSize], product(x![1]! / a.groups, ...a.kernelSize), a)
    },
    quantities: ({ inputs, outputs }, a) => ({
      macs: product(numel(inputs[0]!), a.outChannels / a.groups, ...a.kernelSize),
      biasAdds: a.bias ? numel(outputs[0]!) : 0,
    }),
    channelsRead: (from, to, shapes, a) => groupChannels(from, to, shapes, a.groups),
    // An output element sees every stride-th tap, and neighbors lie a stride-th of an input element apart.
    field: (_shapes, a) =>
      fieldOf({
        kernelSize: a.kernelSize.map((k, i) => Math.ceil((a.dilation[i]! * (k - 1) + 1) / a.stride[i]!)),
        stride: a.stride.map((step) => 1 / step),
      }),
    fromOnnx: { ConvTranspose: readConvTranspose(rank) },
    onnx: (emit, { inputs }, a) => {
      const { pads, outputPadding } = place(inputs[0]!.slice(2), a)
      emit.node('ConvTranspose', filterOperands(emit, a), emit.outputs, {
        kernel_shape: a.kernelSize,
        strides: a.stride,
        pads,
        output_padding: outputPadding,
        dilations: a.dilation,
        group: a.groups,
      })
    },
    tfjs: (tf, context) => lower(tf, rank, context),
  })
}

export const convTranspose1d = transposed(1)
export const convTranspose2d = transposed(2)
export const convTranspose3d = transposed(3)
