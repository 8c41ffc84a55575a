import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, type TfjsCall, type TfjsContext, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { checkGroups, filterParameters } from './channels.ts'
import { byGroup } from './lowering/by-group.ts'
import { spread } from './lowering/convolution.ts'
import { readConvTranspose } from './onnx-window.ts'
import { amounts, paddingOf, perDim, type Rank, rowsAndColumns, sidesOf, sizes, spatial } from './spatial.ts'

/** Transposed convolution over one, two or three spatial dims. */

const attributesOf = (rank: Rank) =>
  Type.Object({
    outChannels: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Output channels.' }),
    inChannels: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
    kernelSize: sizes(rank, 'Window size'),
    stride: Type.Optional(sizes(rank, 'Step of the window on the output')),
    padding: Type.Optional(paddingOf(rank)),
    outputPadding: Type.Optional(amounts(rank, 'Rows that the output has beyond those behind it')),
    dilation: Type.Optional(sizes(rank, 'Spacing of the window’s elements')),
    groups: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Splits input and output channels into groups that do not see each other. Default 1.' }),
    ),
    bias: Type.Optional(Type.Boolean({ description: 'Adds a learned constant per output channel. Default true.' })),
  })
type Attributes = ReturnType<typeof attributesOf>

export interface TransposedAttributes {
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
 * Where the output lies in the whole result, which spans (size − 1)·stride + dilation·(kernel − 1) + 1 along a dim.
 * Padding cuts it at both ends, output padding lets it end later; `same`, as TensorFlow, makes it size·stride.
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
  return tf.conv3d(tf.pad(spread(tf, x, stride, 1), [[0, 0], ...border, [0, 0]]), backwards, 1, 'valid', 'NDHWC')
}

/** The lowering on N×…×C tensors, channels last, of two or three spatial dims. */
export function lowerTransposed(tf: typeof tfjs, context: TfjsContext<TransposedAttributes>): (x: tfjs.Tensor) => tfjs.Tensor {
  const { attributes: a, inputs } = context
  const size = inputs[0]!.slice(2)
  const { pads, output } = place(size, a)
  // The weight is I × O/groups × K…
  const withoutBias = { ...context, attributes: { ...a, bias: false } }
  const convolve =
    size.length === 2
      ? byGroup(tf, withoutBias, [2, 3, 1, 0], (x, filter) => wholeMap(tf, a.stride, x as tfjs.Tensor4D, filter as tfjs.Tensor4D))
      : byGroup(
          tf,
          withoutBias,
          [2, 3, 4, 0, 1],
          (x, filter) => wholeVolume(tf, a.stride, x as tfjs.Tensor5D, filter as tfjs.Tensor5D),
          (filter) => tf.reverse(filter, [0, 1, 2]),
        )
  return (x) => {
    const y = convolve(x)
    const spans = y.shape.slice(1, -1)
    const beyond = spans.map((span, i): [number, number] => [0, Math.max(0, pads[i]! + output[i]! - span)])
    const reached = beyond.some(([, extra]) => extra > 0) ? tf.pad(y, [[0, 0], ...beyond, [0, 0]]) : y
    const begin = pads.slice(0, size.length)
    const uncut = begin.every((pad, i) => pad === 0 && spans[i]! <= output[i]!)
    const cut = uncut ? reached : tf.slice(reached, [0, ...begin, 0], [y.shape[0]!, ...output, y.shape.at(-1)!])
    return a.bias ? tf.add(cut, context.parameters.bias!) : cut
  }
}

/**
 * Transposed convolution as PyTorch's `nn.ConvTranspose1d` to `3d`: each input element adds its window of weights to the
 * output. Weight I × O/groups × K…, bias O. MACs = input elements × (O/groups × K), those of the convolution that it
 * transposes and the count of fvcore's `conv_flop_count`; what padding cuts off is counted.
 */
export const transposed = (rank: Rank, type: string, lower: (tf: typeof tfjs, context: TfjsContext<TransposedAttributes>) => TfjsCall) =>
  defineOp<Attributes, TransposedAttributes>({
    type,
    summary: `${rank}-D transposed convolution with stride, padding, output padding, dilation, groups and bias.`,
    attributes: attributesOf(rank),
    arity: takes(1),
    canonical: (raw: Static<Attributes>) => ({
      outChannels: raw.outChannels,
      ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
      kernelSize: perDim(rank, raw.kernelSize),
      stride: perDim(rank, raw.stride ?? 1),
      padding: sidesOf(rank, raw.padding),
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
      return filterParameters([x![1]!, perGroup, ...a.kernelSize], [x![1]! / a.groups, ...a.kernelSize], a)
    },
    quantities: ({ inputs, outputs }, a) => ({
      macs: product(numel(inputs[0]!), a.outChannels / a.groups, ...a.kernelSize),
      biasAdds: a.bias ? numel(outputs[0]!) : 0,
    }),
    // An output element sees every stride-th tap, and neighbours lie a stride-th of an input element apart.
    field: (_shapes, a) =>
      rowsAndColumns(
        a.kernelSize.map((k, i) => Math.ceil((a.dilation[i]! * (k - 1) + 1) / a.stride[i]!)),
        a.stride.map((step) => 1 / step),
        a.stride.map(() => 1),
      ),
    fromOnnx: { ConvTranspose: readConvTranspose(rank) },
    onnx: (emit, { inputs }, a) => {
      const { pads, outputPadding } = place(spatial(rank, inputs[0]!, type).size, a)
      const operands = [emit.inputs[0]!, emit.parameter('weight'), ...(a.bias ? [emit.parameter('bias')] : [])]
      emit.node('ConvTranspose', operands, emit.outputs, {
        kernel_shape: a.kernelSize,
        strides: a.stride,
        pads,
        output_padding: outputPadding,
        dilations: a.dilation,
        group: a.groups,
      })
    },
    tfjs: lower,
  })
