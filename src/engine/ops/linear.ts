import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'

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

/**
 * y = x·Wᵀ + b along the last dim, as PyTorch's `nn.Linear`: on N×F, or on tokens N×T×F. Weight out × in, bias out;
 * MACs = output elements × in. On a map it asks for `inFeatures`, since a Flatten that was forgotten looks the same.
 */
export const linear = defineOp({
  type: 'Linear',
  summary: 'Fully connected layer on a vector, or along the last dim of tokens.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): LinearAttributes => ({
    outFeatures: raw.outFeatures,
    ...(raw.inFeatures === undefined ? {} : { inFeatures: raw.inFeatures }),
    bias: raw.bias ?? true,
  }),
  shape: ([x], a) => {
    if (x!.length < 2) throw new ShapeError(`Linear takes a vector or tokens, but its input is ${x!.join('×') || 'a scalar'}`)
    if (x!.length === 4 && a.inFeatures === undefined)
      throw new ShapeError(
        `Linear takes a vector, but its input is ${x!.slice(1).join('×')}: put a Flatten or a GlobalAvgPool2d and a Flatten before it, or, to work along the last dim of the map, write inFeatures ${x!.at(-1)}`,
      )
    if (a.inFeatures !== undefined && a.inFeatures !== x!.at(-1))
      throw new ShapeError(
        `inFeatures is ${a.inFeatures}, but the input has ${x!.at(-1)} features: write ${x!.at(-1)} or leave it out`,
        'inFeatures',
      )
    return [[...x!.slice(0, -1), a.outFeatures]]
  },
  parameters: ([x], a) => {
    const weight = { name: 'weight', shape: [a.outFeatures, x!.at(-1)!], init: 'he' as const, fanIn: x!.at(-1)!, trainable: true }
    return a.bias ? [weight, { name: 'bias', shape: [a.outFeatures], init: 'bias' as const, trainable: true }] : [weight]
  },
  batchIn: (dim, [x]) => dim < x!.length - 1,
  quantities: ({ inputs, outputs }, a) => {
    const elements = numel(outputs[0]!)
    return { macs: product(elements, inputs[0]!.at(-1)!), biasAdds: a.bias ? elements : 0 }
  },
  // Tokens have no channels in dim 1.
  channelsRead: (_from, _to, { inputs: [x] }) => (x!.length === 2 ? [[0, x![1]!]] : null),
  field: () => 'global',
  fromOnnx: {
    Gemm: (node) => {
      const [x, weight, bias] = node.inputs
      if (!x || !weight || x.constant || !weight.constant || x.shape.length !== 2 || node.int('transA', 0) !== 0) return null
      const transposed = node.int('transB', 0) === 0
      const outFeatures = weight.shape[transposed ? 1 : 0] ?? 0
      // Of the forms that a bias may have, one number a neuron is a Linear's.
      if (bias && (!bias.constant || bias.shape.at(-1) !== outFeatures || bias.shape.slice(0, -1).some((size) => size !== 1))) return null
      return {
        attributes: { outFeatures, inFeatures: weight.shape[transposed ? 0 : 1] ?? 0, bias: bias !== undefined },
        parameters: {
          weight: { input: 1, transposed, factor: node.float('alpha', 1) },
          ...(bias ? { bias: { input: 2, factor: node.float('beta', 1) } } : {}),
        },
      }
    },
    MatMul: (node) => {
      const [x, weight] = node.inputs
      if (!x || x.constant || !weight?.constant || weight.shape.length !== 2 || x.shape.length < 2) return null
      return {
        attributes: { outFeatures: weight.shape[1], inFeatures: weight.shape[0], bias: false },
        parameters: { weight: { input: 1, transposed: true } },
      }
    },
  },
  onnx: (emit, { inputs }, a) => {
    const bias = a.bias ? [emit.parameter('bias')] : []
    if (inputs[0]!.length === 2) return emit.node('Gemm', [emit.inputs[0]!, emit.parameter('weight'), ...bias], emit.outputs, { transB: 1 })
    const turned = emit.temporary('turned')
    emit.node('Transpose', [emit.parameter('weight')], [turned], { perm: [1, 0] })
    const products = a.bias ? emit.temporary('products') : emit.outputs[0]!
    emit.node('MatMul', [emit.inputs[0]!, turned], [products])
    if (a.bias) emit.node('Add', [products, bias[0]!], emit.outputs)
  },
  tfjs: (tf, { attributes: a, parameters, inputs, outputs }) => {
    // in × out: the wasm back end multiplies by a transposed matrix many times slower.
    const weight = tf.transpose(parameters.weight as Tensor2D)
    parameters.weight!.dispose()
    const rows = (x: Tensor): Tensor => {
      const y = tf.matMul(x as Tensor2D, weight)
      return a.bias ? tf.add(y, parameters.bias!) : y
    }
    if (inputs[0]!.length === 2) return ([x]) => rows(x!)
    return inEngineOrder(tf, ([x]) => tf.reshape(rows(tf.reshape(x!, [-1, inputs[0]!.at(-1)!])), [...outputs[0]!]))
  },
})
