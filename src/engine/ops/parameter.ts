import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { toTfjsOrder } from './shared/lowering/layout.ts'

/** Values that a graph carries itself; a larger tensor is seeded or comes from a file. */
const mostValues = 1024

const Attributes = Type.Object({
  shape: Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
    maxItems: 8,
    description: 'Shape of the tensor, with no batch put on top; [] for a scalar.',
  }),
  learned: Type.Optional(Type.Boolean({ description: 'Learned, so a parameter, or fixed, so a buffer. Default true.' })),
  value: Type.Optional(
    Type.Union([Type.Number(), Type.Array(Type.Number(), { maxItems: mostValues })], {
      description: `What a fixed tensor holds: one number for all elements, or every element in order, ${mostValues} at most.`,
    }),
  ),
})

interface ParameterAttributes {
  shape: readonly number[]
  learned: boolean
  value?: number | readonly number[]
}

/**
 * A tensor that the graph owns, as PyTorch's `nn.Parameter` and registered buffers: class tokens, position tables, layer
 * scales, constants. It is a weight: layers that read it read a weight, and it takes no activation memory.
 */
export const parameter = defineOp({
  type: 'Parameter',
  summary: 'A tensor that the network owns: a token, a table, a scale, a constant.',
  attributes: Attributes,
  arity: takes(0),
  stored: true,
  canonical: (raw: Static<typeof Attributes>): ParameterAttributes => ({
    shape: [...raw.shape],
    learned: raw.value === undefined ? (raw.learned ?? true) : false,
    ...(raw.value === undefined ? {} : { value: typeof raw.value === 'number' ? raw.value : [...raw.value] }),
  }),
  shape: (_inputs, { shape, value }) => {
    const elements = product(...shape)
    if (typeof value === 'object' && value.length !== elements)
      throw new ShapeError(
        `value has ${value.length} numbers, but the shape ${shape.join('×') || 'of a scalar'} has ${elements} elements`,
        'value',
      )
    return [[...shape]]
  },
  // A value is written down and needs no storage of its own.
  parameters: (_inputs, { shape, learned, value }) =>
    value === undefined ? [{ name: 'tensor', shape: [...shape], init: 'shift', trainable: learned }] : [],
  quantities: () => ({}),
  onnx: (emit, _shapes, { shape, value }) => {
    const stored = value === undefined ? emit.parameter('tensor') : emit.constant('tensor', shape, () => valuesOf(shape, value))
    emit.node('Identity', [stored], emit.outputs)
  },
  tfjs: (tf, { attributes: { shape, value }, parameters, reserve }) => {
    if (value !== undefined) reserve(shape)
    const given = value === undefined ? parameters.tensor! : tf.tensor(valuesOf(shape, value), [...shape])
    const stored = toTfjsOrder(tf, given)
    if (stored !== given) given.dispose()
    // A run frees what it has read, so each gets the tensor under a handle of its own.
    return () => tf.reshape(stored, stored.shape)
  },
})

function valuesOf(shape: readonly number[], value: number | readonly number[]): Float32Array {
  return typeof value === 'number' ? new Float32Array(product(...shape)).fill(value) : Float32Array.from(value)
}
