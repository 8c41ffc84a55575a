import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { onVolume, padVolume } from './lowering/volume.ts'
import { readAveragePool } from './onnx-window.ts'
import { divisorCorrection, emitMean } from './pooling.ts'
import { paddingOf, perDim, rowsAndColumns, sidesOf, sizes, spatial } from './spatial.ts'
import { checkPoolPadding, windowGeometry } from './window.ts'

const Attributes = Type.Object({
  kernelSize: sizes(3, 'Window size'),
  stride: Type.Optional(sizes(3, 'Step of the window')),
  padding: Type.Optional(paddingOf(3)),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  countIncludePad: Type.Optional(Type.Boolean({ description: 'Count padding zeros into the mean. Default true; TensorFlow does not.' })),
  functional,
})

/**
 * 3-D average pooling over N × C × D × H × W as PyTorch's `nn.AvgPool3d`; stride defaults to the kernel. Kd·Kh·Kw window
 * reads, one addition fewer and one division per output element, padding included.
 */
export const avgPool3d = defineOp({
  type: 'AvgPool3d',
  summary: 'Mean of each window of a volume, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    kernelSize: perDim(3, raw.kernelSize),
    stride: perDim(3, raw.stride ?? raw.kernelSize),
    padding: sidesOf(3, raw.padding),
    ceilMode: raw.ceilMode ?? false,
    countIncludePad: raw.countIncludePad ?? true,
    ...canonicalFunctional(raw),
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = spatial(3, x!, 'AvgPool3d')
    const geometry = windowGeometry(size, a)
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    const window = product(...a.kernelSize)
    return { windowReads: product(elements, window), additions: product(elements, window - 1), divisions: elements }
  },
  field: (_shapes, a) => rowsAndColumns(a.kernelSize, a.stride, [1, 1, 1]),
  fromOnnx: { AveragePool: readAveragePool(3) },
  onnx: (emit, { inputs }, a) => emitMean(emit, spatial(3, inputs[0]!, 'AvgPool3d').size, a, a.countIncludePad),
  tfjs: (tf, { attributes: a, inputs }) => {
    const { size } = spatial(3, inputs[0]!, 'AvgPool3d')
    const geometry = windowGeometry(size, a)
    const factors = divisorCorrection(size, a, a.countIncludePad)
    const correction = factors ? tf.tensor(factors, [1, ...geometry.output, 1]) : null
    const [window, strides] = [a.kernelSize, a.stride] as [number, number, number][]
    return onVolume(tf, (x) => {
      const mean = tf.avgPool3d(padVolume(tf, x, geometry, 0), window!, strides!, 'valid')
      return correction ? tf.mul(mean, correction) : mean
    })
  },
})
