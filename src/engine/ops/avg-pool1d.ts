import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { avgPool2d } from './avg-pool2d.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { LinePadding, lineField, lineKernel, lineStride, lineWindow, overMap, sequence } from './line.ts'
import { mapShape, onMap } from './lowering/line.ts'
import { alongLine, readAveragePool } from './onnx-window.ts'
import { emitMean } from './pooling.ts'
import { checkPoolPadding, windowGeometry } from './window.ts'

const Attributes = Type.Object({
  kernelSize: lineKernel,
  stride: Type.Optional(lineStride),
  padding: Type.Optional(LinePadding),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  countIncludePad: Type.Optional(Type.Boolean({ description: 'Count padding zeros into the mean. Default true; TensorFlow does not.' })),
  functional,
})

/**
 * 1-D average pooling over N × C × L as PyTorch's `nn.AvgPool1d`; stride defaults to the kernel. K window reads, K − 1
 * additions and one division per output element, padding included.
 */
export const avgPool1d = defineOp({
  type: 'AvgPool1d',
  summary: 'Mean of each window of a sequence, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    kernelSize: raw.kernelSize,
    stride: raw.stride ?? raw.kernelSize,
    padding: typeof raw.padding === 'object' ? ([...raw.padding] as [number, number]) : (raw.padding ?? 0),
    ceilMode: raw.ceilMode ?? false,
    countIncludePad: raw.countIncludePad ?? true,
    ...canonicalFunctional(raw),
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = sequence(x!, 'AvgPool1d')
    const geometry = windowGeometry(size, lineWindow({ ...a, dilation: 1 }))
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { windowReads: product(elements, a.kernelSize), additions: product(elements, a.kernelSize - 1), divisions: elements }
  },
  field: (_shapes, a) => lineField({ ...a, dilation: 1 }),
  fromOnnx: { AveragePool: alongLine(readAveragePool(1)) },
  onnx: (emit, { inputs }, a) =>
    emitMean(emit, sequence(inputs[0]!, 'AvgPool1d').size, lineWindow({ ...a, dilation: 1 }), a.countIncludePad),
  tfjs: (tf, { attributes: a, inputs, outputs }) => {
    const { kernelSize, stride, padding, ceilMode } = overMap({ ...a, dilation: 1 })
    const attributes = { kernelSize, stride, padding, ceilMode, countIncludePad: a.countIncludePad }
    return onMap(tf, avgPool2d.tfjs(tf, { attributes, inputs: inputs.map(mapShape), outputs: outputs.map(mapShape), parameters: {} }))
  },
})
