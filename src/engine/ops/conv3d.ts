import type { Tensor5D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { checkGroups, filterParameters } from './channels.ts'
import { byGroup } from './lowering/by-group.ts'
import { onVolume, padVolume } from './lowering/volume.ts'
import { readConv } from './onnx-window.ts'
import { paddingOf, perDim, rowsAndColumns, sidesOf, sizes, spatial } from './spatial.ts'
import { windowGeometry } from './window.ts'

const Attributes = Type.Object({
  outChannels: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Filters, that is output channels.' }),
  inChannels: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
  kernelSize: sizes(3, 'Window size'),
  stride: Type.Optional(sizes(3, 'Step of the window')),
  padding: Type.Optional(paddingOf(3)),
  dilation: Type.Optional(sizes(3, 'Spacing of the window’s elements')),
  groups: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Splits input and output channels into groups that do not see each other. Default 1.' }),
  ),
  bias: Type.Optional(Type.Boolean({ description: 'Adds a learned constant per output channel. Default true.' })),
})

/**
 * 3-D convolution over N × C × D × H × W as PyTorch's `nn.Conv3d`. Weight O × I/groups × Kd × Kh × Kw, bias O.
 * MACs = output elements × (I/groups × Kd × Kh × Kw), as fvcore's `conv_flop_count`.
 */
export const conv3d = defineOp({
  type: 'Conv3d',
  summary: '3-D convolution with stride, padding per side or "same", dilation, groups and bias.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    outChannels: raw.outChannels,
    ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
    kernelSize: perDim(3, raw.kernelSize),
    stride: perDim(3, raw.stride ?? 1),
    padding: sidesOf(3, raw.padding),
    dilation: perDim(3, raw.dilation ?? 1),
    groups: raw.groups ?? 1,
    bias: raw.bias ?? true,
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = spatial(3, x!, 'Conv3d')
    checkGroups(channels, a)
    return [[batch, a.outChannels, ...windowGeometry(size, a).output]]
  },
  parameters: ([x], a) => {
    const perGroup = x![1]! / a.groups
    return filterParameters([a.outChannels, perGroup, ...a.kernelSize], [perGroup, ...a.kernelSize], a)
  },
  quantities: ({ inputs, outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { macs: product(elements, inputs[0]![1]! / a.groups, ...a.kernelSize), biasAdds: a.bias ? elements : 0 }
  },
  field: (_shapes, a) => rowsAndColumns(a.kernelSize, a.stride, a.dilation),
  fromOnnx: { Conv: readConv(3) },
  onnx: (emit, { inputs }, a) => {
    const { pads } = windowGeometry(spatial(3, inputs[0]!, 'Conv3d').size, a)
    const operands = [emit.inputs[0]!, emit.parameter('weight'), ...(a.bias ? [emit.parameter('bias')] : [])]
    emit.node('Conv', operands, emit.outputs, {
      kernel_shape: a.kernelSize,
      strides: a.stride,
      pads,
      dilations: a.dilation,
      group: a.groups,
    })
  },
  tfjs: (tf, context) => {
    const { attributes: a, inputs } = context
    const geometry = windowGeometry(spatial(3, inputs[0]!, 'Conv3d').size, a)
    const strides = a.stride as [number, number, number]
    const convolve = byGroup(tf, context, [2, 3, 4, 1, 0], (x, filter) =>
      tf.conv3d(x as Tensor5D, filter as Tensor5D, strides, 'valid', 'NDHWC'),
    )
    return onVolume(tf, (x) => convolve(padVolume(tf, x, geometry, 0)))
  },
})
