import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { checkGroups, filterParameters } from './channels.ts'
import { LinePadding, lineDilation, lineField, lineKernel, lineStride, lineWindow, overMap, sequence } from './line.ts'
import { convolve } from './lowering/convolution.ts'
import { mapShape, onMap } from './lowering/line.ts'
import { alongLine, readConv } from './onnx-window.ts'
import { windowGeometry } from './window.ts'

const Attributes = Type.Object({
  outChannels: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Filters, that is output channels.' }),
  inChannels: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
  kernelSize: lineKernel,
  stride: Type.Optional(lineStride),
  padding: Type.Optional(LinePadding),
  dilation: Type.Optional(lineDilation),
  groups: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Splits input and output channels into groups that do not see each other. Default 1.' }),
  ),
  bias: Type.Optional(Type.Boolean({ description: 'Adds a learned constant per output channel. Default true.' })),
})

/**
 * 1-D convolution over N × C × L as PyTorch's `nn.Conv1d`. Weight O × I/groups × K, bias O.
 * MACs = output elements × (I/groups × K), as fvcore's `conv_flop_count`.
 */
export const conv1d = defineOp({
  type: 'Conv1d',
  summary: '1-D convolution with stride, padding per side or "same", dilation, groups and bias.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    outChannels: raw.outChannels,
    ...(raw.inChannels === undefined ? {} : { inChannels: raw.inChannels }),
    kernelSize: raw.kernelSize,
    stride: raw.stride ?? 1,
    padding: typeof raw.padding === 'object' ? ([...raw.padding] as [number, number]) : (raw.padding ?? 0),
    dilation: raw.dilation ?? 1,
    groups: raw.groups ?? 1,
    bias: raw.bias ?? true,
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = sequence(x!, 'Conv1d')
    checkGroups(channels, a)
    return [[batch, a.outChannels, ...windowGeometry(size, lineWindow(a)).output]]
  },
  parameters: ([x], a) => {
    const perGroup = x![1]! / a.groups
    return filterParameters([a.outChannels, perGroup, a.kernelSize], [perGroup, a.kernelSize], a)
  },
  quantities: ({ inputs, outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { macs: product(elements, inputs[0]![1]! / a.groups, a.kernelSize), biasAdds: a.bias ? elements : 0 }
  },
  field: (_shapes, a) => lineField(a),
  fromOnnx: { Conv: alongLine(readConv(1)) },
  onnx: (emit, { inputs }, a) => {
    const { pads } = windowGeometry(sequence(inputs[0]!, 'Conv1d').size, lineWindow(a))
    const operands = [emit.inputs[0]!, emit.parameter('weight'), ...(a.bias ? [emit.parameter('bias')] : [])]
    emit.node('Conv', operands, emit.outputs, {
      kernel_shape: [a.kernelSize],
      strides: [a.stride],
      pads,
      dilations: [a.dilation],
      group: a.groups,
    })
  },
  tfjs: (tf, { attributes: a, inputs, outputs, parameters }) => {
    const [o, i, k] = parameters.weight!.shape as [number, number, number]
    const weight = tf.reshape(parameters.weight!, [o, i, 1, k])
    parameters.weight!.dispose()
    const attributes = { outChannels: a.outChannels, groups: a.groups, bias: a.bias, ...overMap(a) }
    return onMap(
      tf,
      convolve(tf, { attributes, inputs: inputs.map(mapShape), outputs: outputs.map(mapShape), parameters: { ...parameters, weight } }),
    )
  },
})
