import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { checkGroups, filterParameters } from './channels.ts'
import { convolve } from './lowering/convolution.ts'
import { readConv } from './onnx-window.ts'
import {
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
  outChannels: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Filters, that is output channels.' }),
  inChannels: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
  kernelSize,
  stride: Type.Optional(stride),
  padding: Type.Optional(Padding),
  dilation: Type.Optional(dilation),
  groups: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Splits input and output channels into groups that do not see each other. Default 1.' }),
  ),
  bias: Type.Optional(Type.Boolean({ description: 'Adds a learned constant per output channel. Default true.' })),
})

export interface Conv2dAttributes extends WindowAttributes {
  outChannels: number
  inChannels?: number
  dilation: Pair
  groups: number
  bias: boolean
}

/**
 * 2-D convolution as PyTorch's `nn.Conv2d`. Weight O × I/groups × Kh × Kw, bias O.
 * MACs = output elements × (I/groups × Kh × Kw), the count of EECS 498-007 lecture 8 and of fvcore's `conv_flop_count`.
 */
export const conv2d = defineOp({
  type: 'Conv2d',
  summary: '2-D convolution with stride, padding per side or "same", dilation, groups and bias.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): Conv2dAttributes => ({
    outChannels: raw.outChannels,
    ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
    kernelSize: pair(raw.kernelSize),
    stride: pair(raw.stride ?? 1),
    padding: sides(raw.padding),
    dilation: pair(raw.dilation ?? 1),
    groups: raw.groups ?? 1,
    bias: raw.bias ?? true,
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = featureMap(x!, 'Conv2d')
    checkGroups(channels, a)
    return [[batch, a.outChannels, ...windowGeometry(size, a).output]]
  },
  parameters: ([x], a) => {
    const perGroup = x![1]! / a.groups
    return filterParameters([a.outChannels, perGroup, ...a.kernelSize], [perGroup, ...a.kernelSize], a)
  },
  quantities: ({ inputs, outputs }, a) => {
    const elements = numel(outputs[0]!)
    return {
      macs: product(elements, inputs[0]![1]! / a.groups, ...a.kernelSize),
      biasAdds: a.bias ? elements : 0,
    }
  },
  field: (_shapes, a) => fieldOf(a),
  fromOnnx: { Conv: readConv(2) },
  onnx: (emit, { inputs }, a) => {
    const { pads } = windowGeometry(featureMap(inputs[0]!, 'Conv2d').size, a)
    const operands = [emit.inputs[0]!, emit.parameter('weight'), ...(a.bias ? [emit.parameter('bias')] : [])]
    emit.node('Conv', operands, emit.outputs, {
      kernel_shape: a.kernelSize,
      strides: a.stride,
      pads,
      dilations: a.dilation,
      group: a.groups,
    })
  },
  tfjs: convolve,
})
