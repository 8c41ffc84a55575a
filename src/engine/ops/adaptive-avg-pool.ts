import type { Tensor4D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { canonicalFunctional, functional } from './shared/functional.ts'
import { featureMap } from './shared/spatial.ts'

const size = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const Attributes = Type.Object({
  outputSize: Type.Union([size, Type.Tuple([size, size])], { description: 'Size of the output map: one number or [height, width].' }),
  functional,
})

type Pair = readonly [number, number]

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * Σ over output positions of their window's length along one axis. Window i spans ⌊i·in/out⌋ to ⌈(i+1)·in/out⌉; with
 * g = gcd(in, out) the sum is in + out − g, since ends meet exactly at g places and overlap by one elsewhere.
 */
const reads = (input: number, output: number): number => input + output - gcd(input, output)

/** The longest window along one axis: ⌈(in + out − g) / out⌉, where a window starts just before an element ends. */
const longest = (input: number, output: number): number => Math.ceil(reads(input, output) / output)

/** Means along one axis as a matrix, out × in, row-major. */
function meanMatrix(input: number, output: number): Float32Array {
  const matrix = new Float32Array(output * input)
  for (let o = 0; o < output; o++) {
    const start = Math.floor((o * input) / output)
    const end = Math.ceil(((o + 1) * input) / output)
    matrix.fill(1 / (end - start), o * input + start, o * input + end)
  }
  return matrix
}

const divides = (from: Pair, to: Pair): boolean => from[0] % to[0] === 0 && from[1] % to[1] === 0

/**
 * Average pooling to a given output size, as PyTorch's `nn.AdaptiveAvgPool2d`; windows differ by one where the output
 * does not divide the input. Window reads are the sum over its windows, additions one fewer per output, and one
 * division each.
 */
export const adaptiveAvgPool2d = defineOp({
  type: 'AdaptiveAvgPool2d',
  summary: 'Mean over windows chosen so that the output has a given size.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => {
    const { outputSize: given } = raw
    const outputSize: Pair = typeof given === 'number' ? [given, given] : [given[0], given[1]]
    return { outputSize, ...canonicalFunctional(raw) }
  },
  shape: ([x], a) => {
    const { batch, channels } = featureMap(x!, 'AdaptiveAvgPool2d')
    return [[batch, channels, ...a.outputSize]]
  },
  quantities: ({ inputs, outputs }, { outputSize: [h, w] }) => {
    const { batch, channels, size } = featureMap(inputs[0]!, 'AdaptiveAvgPool2d')
    const windowReads = product(batch, channels, reads(size[0], h), reads(size[1], w))
    const elements = numel(outputs[0]!)
    return { windowReads, additions: windowReads - elements, divisions: elements }
  },
  channelsRead: sameChannels,
  // The longest window and the longest step between neighbors: an upper bound where they differ.
  field: ({ inputs }, { outputSize: [h, w] }) => {
    const { size } = featureMap(inputs[0]!, 'AdaptiveAvgPool2d')
    if (h === 1 && w === 1) return 'global'
    return {
      kernel: [longest(size[0], h), longest(size[1], w)],
      stride: [Math.ceil(size[0] / h), Math.ceil(size[1] / w)],
      dilation: [1, 1],
    }
  },
  onnx: (emit, { inputs }, { outputSize }) => {
    const x = emit.inputs[0]!
    const { size } = featureMap(inputs[0]!, 'AdaptiveAvgPool2d')
    if (outputSize[0] === 1 && outputSize[1] === 1) return emit.node('GlobalAveragePool', [x], emit.outputs)
    if (divides(size, outputSize)) {
      const window = [size[0] / outputSize[0], size[1] / outputSize[1]]
      return emit.node('AveragePool', [x], emit.outputs, { kernel_shape: window, strides: window })
    }
    // ONNX has no adaptive pooling: a mean along each axis is a product with a matrix of shares.
    const rows = emit.constant('rows', [outputSize[0], size[0]], () => meanMatrix(size[0], outputSize[0]))
    const columns = emit.constant('columns', [outputSize[1], size[1]], () => meanMatrix(size[1], outputSize[1]))
    const across = emit.temporary('across')
    const tall = emit.temporary('tall')
    emit.node('Transpose', [columns], [across], { perm: [1, 0] })
    emit.node('MatMul', [x, across], [tall])
    emit.node('MatMul', [rows, tall], emit.outputs)
  },
  tfjs: (tf, { inputs, attributes: { outputSize }, reserve }) => {
    const { batch, channels, size } = featureMap(inputs[0]!, 'AdaptiveAvgPool2d')
    const [h, w] = outputSize
    if (divides(size, outputSize)) {
      const window: [number, number] = [size[0] / h, size[1] / w]
      return ([x]) => tf.avgPool(x as Tensor4D, window, window, 'valid')
    }
    reserve([h, size[0]])
    reserve([w, size[1]])
    const rows = tf.tensor3d(meanMatrix(size[0], h), [1, h, size[0]])
    const columns = tf.tensor3d(meanMatrix(size[1], w), [1, w, size[1]])
    return ([x]) => {
      const tall = tf.matMul(rows, tf.reshape(x!, [batch, size[0], size[1] * channels]))
      return tf.reshape(tf.matMul(columns, tf.reshape(tall, [batch * h, size[1], channels])), [batch, h, w, channels])
    }
  },
})
