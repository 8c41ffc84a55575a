import type { Tensor1D } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, type Parameter, takes } from '../op.ts'
import { dimOf } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'

/** ONNX's name of the type of indices. */
const int64 = 7
/** Indices that a graph carries itself; more of them, or those that are not known, are a tensor that the layer owns. */
const mostIndices = 1024

const Attributes = Type.Object({
  dim: Type.Integer({ description: 'Dim that is picked from; the batch is dim 0.' }),
  indices: Type.Optional(
    Type.Array(Type.Integer(), {
      minItems: 1,
      maxItems: mostIndices,
      description: 'Indices along dim, in the order wanted; negative from the end.',
    }),
  ),
  count: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      description: 'Instead of indices: their number, where they are stored in a file. Seeded ones are 0, 1, 2 … along dim, repeated.',
    }),
  ),
  drop: Type.Optional(Type.Boolean({ description: 'With one index: the dim goes, as x[:, 0] in PyTorch. Default false.' })),
})

interface GatherAttributes {
  dim: number
  indices?: readonly number[]
  count?: number
  drop: boolean
}

const lengthOf = ({ indices, count }: GatherAttributes): number => indices?.length ?? count ?? 0

/** Picks indices along a dim, as `torch.index_select`, or with `drop` one of them, as `x[:, 0]`: moves data, no arithmetic. */
export const gather = defineOp({
  type: 'Gather',
  summary: 'Picks indices along a dim.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): GatherAttributes => ({
    dim: raw.dim,
    ...(raw.indices === undefined ? {} : { indices: [...raw.indices] }),
    ...(raw.count === undefined ? {} : { count: raw.count }),
    drop: raw.drop ?? false,
  }),
  shape: ([x], a) => {
    const { dim, indices, drop } = a
    if ((indices === undefined) === (a.count === undefined)) throw new ShapeError('Gather takes either indices or count: give one of them')
    const i = dimOf(dim, x!)
    const size = x![i]!
    const outside = indices?.find((index) => index < -size || index >= size)
    if (outside !== undefined) throw new ShapeError(`index ${outside} is out of range: there are ${size} along dim ${dim}`, 'indices')
    if (drop && lengthOf(a) !== 1) throw new ShapeError(`drop takes one index, but there are ${lengthOf(a)}`, 'drop')
    return [drop ? x!.filter((_, at) => at !== i) : x!.map((whole, at) => (at === i ? lengthOf(a) : whole))]
  },
  parameters: ([x], { dim, count }): Parameter[] =>
    count === undefined ? [] : [{ name: 'indices', shape: [count], init: 'index', bound: x![dimOf(dim, x!)]!, trainable: false }],
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: () => ({}),
  fromOnnx: {
    Gather: (node) => {
      const indices = node.inputs[1]
      if (!indices?.constant || indices.shape.length > 1) return null
      const [count = 1] = indices.shape
      const attributes = { dim: node.int('axis', 0), drop: indices.shape.length === 0 }
      if (!indices.known || count > mostIndices) return { attributes: { ...attributes, count }, parameters: { indices: { input: 1 } } }
      return { attributes: { ...attributes, indices: [...(node.numbers(1) ?? [])] } }
    },
  },
  onnx: (emit, { inputs }, { dim, indices, drop }) => {
    const axis = dimOf(dim, inputs[0]!)
    let wanted: string
    if (indices) wanted = emit.constant('indices', drop ? [] : [indices.length], indices.map(BigInt))
    else {
      // Parameters are floats; a scalar index has no dim.
      const flat = drop ? emit.temporary('index') : emit.parameter('indices')
      if (drop) emit.node('Reshape', [emit.parameter('indices'), emit.constant('scalar', [0], [])], [flat])
      wanted = emit.temporary('indices')
      emit.node('Cast', [flat], [wanted], { to: int64 })
    }
    emit.node('Gather', [emit.inputs[0]!, wanted], emit.outputs, { axis })
  },
  tfjs: (tf, { attributes: { dim, indices }, inputs, outputs, parameters }) => {
    const axis = dimOf(dim, inputs[0]!)
    const size = inputs[0]![axis]!
    const given = indices ?? Array.from(parameters.indices!.dataSync())
    parameters.indices?.dispose()
    const wanted = tf.tensor1d(
      given.map((index) => (index < 0 ? size + index : index)),
      'int32',
    ) as Tensor1D
    return inEngineOrder(tf, ([x]) => tf.reshape(tf.gather(x!, wanted, axis), [...outputs[0]!]))
  },
})
