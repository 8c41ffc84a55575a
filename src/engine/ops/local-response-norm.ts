import type { Tensor4D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { integers, scalar, stepsOf } from './shared/onnx-emit.ts'
import { featureMap } from './shared/spatial.ts'

const Attributes = Type.Object({
  size: Type.Integer({
    minimum: 1,
    maximum: 2 ** 16,
    description: 'Number of neighboring channels in the sum, including the element’s own.',
  }),
  alpha: Type.Optional(Type.Number({ description: 'Factor of the mean square. Default 1e-4.' })),
  beta: Type.Optional(Type.Number({ description: 'Exponent. Default 0.75.' })),
  k: Type.Optional(Type.Number({ description: 'Summand. Default 1.' })),
})

/**
 * Local response normalization across channels (Krizhevsky et al., 2012), as PyTorch's `nn.LocalResponseNorm`:
 * x / (k + alpha/size · Σ x²)^beta, the sum over channels c − ⌊size/2⌋ to c + ⌊(size − 1)/2⌋ with zeros beyond the edge.
 * Per element: one squaring, size − 1 additions, one multiplication by alpha/size, one addition of k, one pow, one
 * division. Its channel window is no pooling window: `lecture` counts 0.
 */
export const localResponseNorm = defineOp({
  type: 'LocalResponseNorm',
  summary: 'Divides each element by the energy of neighboring channels.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({
    size: raw.size,
    alpha: raw.alpha ?? 1e-4,
    beta: raw.beta ?? 0.75,
    k: raw.k ?? 1,
  }),
  shape: ([x]) => {
    featureMap(x!, 'LocalResponseNorm')
    return [x!]
  },
  channelsRead: (from, to, { inputs: [x] }, a) => [
    [Math.max(0, from - Math.floor(a.size / 2)), Math.min(x![1]!, to + Math.floor((a.size - 1) / 2))],
  ],
  readsNeighborChannels: true,
  quantities: ({ outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { multiplications: product(2, elements), additions: product(a.size, elements), transcendentals: elements, divisions: elements }
  },
  fromOnnx: {
    // Of an even window ONNX puts the odd channel after, this op before.
    LRN: (node) =>
      node.int('size', 0) % 2 === 1
        ? {
            attributes: {
              size: node.int('size', 1),
              alpha: node.float('alpha', 1e-4),
              beta: node.float('beta', 0.75),
              k: node.float('bias', 1),
            },
          }
        : null,
  },
  onnx: (emit, { inputs }, a) => {
    const x = emit.inputs[0]!
    if (a.size % 2 === 1)
      return emit.node('LRN', [x], emit.outputs, {
        size: a.size,
        alpha: { float: a.alpha },
        beta: { float: a.beta },
        bias: { float: a.k },
      })
    // Of an even window ONNX puts the odd channel after, PyTorch before: average over channels as PyTorch does it.
    const { batch, channels, size } = featureMap(inputs[0]!, 'LocalResponseNorm')
    const step = stepsOf(emit)
    const plane = step(
      'Reshape',
      [step('Mul', [x, x], 'square'), integers(emit, 'planeShape', [batch, 1, channels, product(...size)])],
      'plane',
    )
    const mean = step('AveragePool', [plane], 'planeMean', {
      kernel_shape: [a.size, 1],
      strides: [1, 1],
      pads: [a.size / 2, 0, a.size / 2 - 1, 0],
      count_include_pad: 1,
    })
    const energy = step(
      'Mul',
      [step('Reshape', [mean, integers(emit, 'shape', inputs[0]!)], 'mean'), scalar(emit, 'alpha', a.alpha)],
      'energy',
    )
    const divisor = step('Pow', [step('Add', [energy, scalar(emit, 'k', a.k)], 'base'), scalar(emit, 'beta', a.beta)], 'divisor')
    emit.node('Div', [x, divisor], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    if (a.size % 2 === 1) return ([x]) => tf.localResponseNormalization(x as Tensor4D, (a.size - 1) / 2, a.k, a.alpha / a.size, a.beta)
    const { batch, channels, size } = featureMap(inputs[0]!, 'LocalResponseNorm')
    const plane: [number, number, number, number] = [batch, product(...size), channels, 1]
    return ([x]) => {
      const squares = tf.pad(tf.reshape(tf.square(x!), plane), [
        [0, 0],
        [0, 0],
        [a.size / 2, a.size / 2 - 1],
        [0, 0],
      ])
      const mean = tf.reshape(tf.avgPool(squares as Tensor4D, [1, a.size], 1, 'valid'), x!.shape)
      return tf.div(x!, tf.pow(tf.add(tf.mul(mean, a.alpha), a.k), a.beta))
    }
  },
})
