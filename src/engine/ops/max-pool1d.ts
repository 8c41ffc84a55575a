import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { LinePadding, lineDilation, lineField, lineKernel, lineStride, lineWindow, overMap, sequence } from './line.ts'
import { mapShape, onMap } from './lowering/line.ts'
import { maxPool2d } from './max-pool2d.ts'
import { alongLine, readMaxPool } from './onnx-window.ts'
import { checkPoolPadding, windowGeometry } from './window.ts'

const Attributes = Type.Object({
  kernelSize: lineKernel,
  stride: Type.Optional(lineStride),
  padding: Type.Optional(LinePadding),
  dilation: Type.Optional(lineDilation),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
})

/**
 * 1-D max pooling over N × C × L as PyTorch's `nn.MaxPool1d`; stride defaults to the kernel. Selects, never multiplies:
 * 0 MACs, K window reads and K − 1 comparisons per output element.
 */
export const maxPool1d = defineOp({
  type: 'MaxPool1d',
  summary: 'Largest element of each window of a sequence, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    kernelSize: raw.kernelSize,
    stride: raw.stride ?? raw.kernelSize,
    padding: typeof raw.padding === 'object' ? ([...raw.padding] as [number, number]) : (raw.padding ?? 0),
    dilation: raw.dilation ?? 1,
    ceilMode: raw.ceilMode ?? false,
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = sequence(x!, 'MaxPool1d')
    const geometry = windowGeometry(size, lineWindow(a))
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { windowReads: product(elements, a.kernelSize), comparisons: product(elements, a.kernelSize - 1) }
  },
  field: (_shapes, a) => lineField(a),
  fromOnnx: { MaxPool: alongLine(readMaxPool(1)) },
  onnx: (emit, { inputs }, a) => {
    const { pads, overhang } = windowGeometry(sequence(inputs[0]!, 'MaxPool1d').size, lineWindow(a))
    // The overhang of ceil mode is written as padding: exporters and runtimes disagree on ceil_mode, not on pads.
    emit.node('MaxPool', emit.inputs, emit.outputs, {
      kernel_shape: [a.kernelSize],
      strides: [a.stride],
      pads: [pads[0], pads[1] + overhang[0]],
      dilations: [a.dilation],
    })
  },
  tfjs: (tf, { attributes: a, inputs, outputs }) => {
    const attributes = { ...overMap(a), ceilMode: a.ceilMode }
    return onMap(tf, maxPool2d.tfjs(tf, { attributes, inputs: inputs.map(mapShape), outputs: outputs.map(mapShape), parameters: {} }))
  },
})
