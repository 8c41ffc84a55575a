import type { Tensor2D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'

const Attributes = Type.Object({
  outFeatures: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Neurons, that is output features.' }),
  inFeatures: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
  bias: Type.Optional(Type.Boolean({ description: 'Default true.' })),
})

interface LinearAttributes {
  outFeatures: number
  inFeatures?: number
  bias: boolean
}

/** y = x·Wᵀ + b on N×F, as PyTorch's `nn.Linear`. Weight out × in, bias out; MACs = N × in × out. */
export const linear = defineOp({
  type: 'Linear',
  summary: 'Fully connected layer on a vector.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): LinearAttributes => ({
    outFeatures: raw.outFeatures,
    ...(raw.inFeatures === undefined ? {} : { inFeatures: raw.inFeatures }),
    bias: raw.bias ?? true,
  }),
  shape: ([x], a) => {
    if (x!.length !== 2)
      throw new ShapeError(
        `Linear takes a vector, but its input is ${x!.slice(1).join('×')}: put a Flatten or a GlobalAvgPool2d and a Flatten before it`,
      )
    if (a.inFeatures !== undefined && a.inFeatures !== x![1])
      throw new ShapeError(
        `inFeatures is ${a.inFeatures}, but the input has ${x![1]} features: write ${x![1]} or leave it out`,
        'inFeatures',
      )
    return [[x![0]!, a.outFeatures]]
  },
  parameters: ([x], a) => {
    const weight = { name: 'weight', shape: [a.outFeatures, x![1]!], init: 'he' as const, fanIn: x![1]!, trainable: true }
    return a.bias ? [weight, { name: 'bias', shape: [a.outFeatures], init: 'bias' as const, trainable: true }] : [weight]
  },
  quantities: ({ inputs, outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { macs: product(elements, inputs[0]![1]!), biasAdds: a.bias ? elements : 0 }
  },
  field: () => 'global',
  onnx: (emit, _shapes, a) =>
    emit.node('Gemm', [emit.inputs[0]!, emit.parameter('weight'), ...(a.bias ? [emit.parameter('bias')] : [])], emit.outputs, {
      transB: 1,
    }),
  tfjs: (tf, { attributes: a, parameters }) => {
    // in × out: the wasm back end multiplies by a transposed matrix many times slower.
    const weight = tf.transpose(parameters.weight as Tensor2D)
    parameters.weight!.dispose()
    return ([x]) => {
      const y = tf.matMul(x as Tensor2D, weight)
      return a.bias ? tf.add(y, parameters.bias!) : y
    }
  },
})
