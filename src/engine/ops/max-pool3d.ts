import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { canonicalFunctional, functional } from './functional.ts'
import { largest } from './lowering/largest.ts'
import { onVolume, padVolume } from './lowering/volume.ts'
import { readMaxPool } from './onnx-window.ts'
import { padsWithOverhang } from './pooling.ts'
import { paddingOf, perDim, rowsAndColumns, sidesOf, sizes, spatial } from './spatial.ts'
import { checkPoolPadding, windowGeometry } from './window.ts'

const Attributes = Type.Object({
  kernelSize: sizes(3, 'Window size'),
  stride: Type.Optional(sizes(3, 'Step of the window')),
  padding: Type.Optional(paddingOf(3)),
  dilation: Type.Optional(sizes(3, 'Spacing of the window’s elements')),
  ceilMode: Type.Optional(Type.Boolean({ description: 'Round the output size up instead of down. Default false.' })),
  functional,
})

/**
 * 3-D max pooling over N × C × D × H × W as PyTorch's `nn.MaxPool3d`; stride defaults to the kernel. 0 MACs, Kd·Kh·Kw
 * window reads and one comparison fewer per output element.
 */
export const maxPool3d = defineOp({
  type: 'MaxPool3d',
  summary: 'Largest element of each window of a volume, per channel.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    kernelSize: perDim(3, raw.kernelSize),
    stride: perDim(3, raw.stride ?? raw.kernelSize),
    padding: sidesOf(3, raw.padding),
    dilation: perDim(3, raw.dilation ?? 1),
    ceilMode: raw.ceilMode ?? false,
    ...canonicalFunctional(raw),
  }),
  shape: ([x], a) => {
    const { batch, channels, size } = spatial(3, x!, 'MaxPool3d')
    const geometry = windowGeometry(size, a)
    checkPoolPadding(geometry)
    return [[batch, channels, ...geometry.output]]
  },
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    const window = product(...a.kernelSize)
    return { windowReads: product(elements, window), comparisons: product(elements, window - 1) }
  },
  field: (_shapes, a) => rowsAndColumns(a.kernelSize, a.stride, a.dilation),
  fromOnnx: { MaxPool: readMaxPool(3) },
  onnx: (emit, { inputs }, a) =>
    emit.node('MaxPool', emit.inputs, emit.outputs, {
      kernel_shape: a.kernelSize,
      strides: a.stride,
      pads: padsWithOverhang(windowGeometry(spatial(3, inputs[0]!, 'MaxPool3d').size, a)),
      dilations: a.dilation,
    }),
  tfjs: (tf, { attributes: a, inputs }) => {
    const geometry = windowGeometry(spatial(3, inputs[0]!, 'MaxPool3d').size, a)
    // As two poolings of maps, rows and columns of each slice and then slices: TF.js's own kernel does not dilate, and on the
    // wasm back end (4.22) it finds nothing below 0.
    const alongPlane = largest(tf, a.kernelSize.slice(1), a.stride.slice(1), a.dilation.slice(1))
    const alongSlices = largest(tf, [a.kernelSize[0]!, 1], [a.stride[0]!, 1], [a.dilation[0]!, 1])
    return onVolume(tf, (x) => {
      const padded = padVolume(tf, x, geometry, Number.NEGATIVE_INFINITY)
      const [n, d, h, w, c] = padded.shape
      const planes = alongPlane(tf.reshape(padded, [n * d, h, w, c]))
      const [, rows, columns] = planes.shape
      return tf.reshape(alongSlices(tf.reshape(planes, [n, d, rows * columns, c])), [n, geometry.output[0]!, rows, columns, c])
    })
  },
})
