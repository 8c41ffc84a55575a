import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, type Quantities, takes } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { dimOf, isRowsAndColumns } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const kinds = ['mean', 'sum', 'max', 'min', 'prod', 'l1', 'l2', 'sumSquare', 'logSumExp'] as const
type Kind = (typeof kinds)[number]

const Attributes = Type.Object({
  kind: Type.Enum([...kinds], { description: 'What becomes of the elements along dims.' }),
  dims: Type.Array(Type.Integer(), { minItems: 1, maxItems: 8, description: 'Dims that are joined; the batch is dim 0.' }),
  keepDims: Type.Optional(Type.Boolean({ description: 'Leaves the dims there with size 1. Default true.' })),
})

const onnxOf: Readonly<Record<Kind, string>> = {
  mean: 'ReduceMean',
  sum: 'ReduceSum',
  max: 'ReduceMax',
  min: 'ReduceMin',
  prod: 'ReduceProd',
  l1: 'ReduceL1',
  l2: 'ReduceL2',
  sumSquare: 'ReduceSumSquare',
  logSumExp: 'ReduceLogSumExp',
}

const tfjsOf: Readonly<Record<Kind, (tf: typeof tfjs, x: tfjs.Tensor, axes: number[]) => tfjs.Tensor>> = {
  mean: (tf, x, axes) => tf.mean(x, axes, true),
  sum: (tf, x, axes) => tf.sum(x, axes, true),
  max: (tf, x, axes) => tf.max(x, axes, true),
  min: (tf, x, axes) => tf.min(x, axes, true),
  prod: (tf, x, axes) => tf.prod(x, axes, true),
  l1: (tf, x, axes) => tf.sum(tf.abs(x), axes, true),
  l2: (tf, x, axes) => tf.sqrt(tf.sum(tf.mul(x, x), axes, true)),
  sumSquare: (tf, x, axes) => tf.sum(tf.mul(x, x), axes, true),
  logSumExp: (tf, x, axes) => {
    const most = tf.max(x, axes, true)
    return tf.add(most, tf.log(tf.sum(tf.exp(tf.sub(x, most)), axes, true)))
  },
}

/** Elements read and results made. */
function arithmetic(kind: Kind, read: number, made: number): Quantities {
  const joins = read - made
  switch (kind) {
    case 'mean':
      return { additions: joins, divisions: made }
    case 'sum':
      return { additions: joins }
    case 'max':
    case 'min':
      return { comparisons: joins }
    case 'prod':
      return { multiplications: joins }
    case 'l1':
      return { comparisons: read, additions: joins }
    case 'l2':
      return { multiplications: read, additions: joins, transcendentals: made }
    case 'sumSquare':
      return { multiplications: read, additions: joins }
    case 'logSumExp':
      return { comparisons: joins, additions: read + joins + made, transcendentals: read + made }
  }
}

const axesOf = (dims: readonly number[], x: Shape): number[] => [...new Set(dims.map((dim) => dimOf(dim, x, 'dims')))].sort((a, b) => a - b)

/** Reads a reduction: axes are an attribute in older opsets, an input in newer ones, all dims where they are left out. */
function readReduce(node: OnnxNode, kind: string): OnnxLayer | null {
  const x = node.inputs[0]!
  const axes = node.inputs[1] ? node.numbers(1) : node.ints('axes')
  const keepDims = node.int('keepdims', 1) === 1
  if (!axes?.length && node.int('noop_with_empty_axes', 0) === 1) return null
  const dims = axes?.length ? [...axes] : x.shape.map((_, i) => i)
  // The mean over rows and columns has an op of its own.
  if (kind === 'mean' && x.shape.length === 4 && keepDims && isRowsAndColumns(dims)) return null
  return { attributes: { kind, dims, keepDims } }
}

/** Reads a pooling over all positions of each channel; feature maps have ops of their own. */
function readGlobal(node: OnnxNode, kind: Kind): OnnxLayer | null {
  const dims = node.inputs[0]!.shape.flatMap((_, i) => (i > 1 ? [i] : []))
  return dims.length === 2 ? null : { attributes: { kind, dims } }
}

/** Joins the elements along dims to one: their mean, sum, maximum … Counted by the arithmetic of the plain formula. */
export const reduce = defineOp({
  type: 'Reduce',
  summary: 'Joins the elements along some dims to one: mean, sum, maximum and others.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ kind: raw.kind, dims: [...raw.dims], keepDims: raw.keepDims ?? true }),
  shape: ([x], { dims, keepDims }) => {
    const axes = axesOf(dims, x!)
    return [keepDims ? x!.map((size, i) => (axes.includes(i) ? 1 : size)) : x!.filter((_, i) => !axes.includes(i))]
  },
  batchIn: (dim, [x], { dims }) => !axesOf(dims, x!).includes(dim),
  quantities: ({ inputs, outputs }, { kind }) => arithmetic(kind, numel(inputs[0]!), numel(outputs[0]!)),
  field: () => 'global',
  fromOnnx: {
    ...Object.fromEntries(kinds.map((kind) => [onnxOf[kind], (node: OnnxNode) => readReduce(node, kind)])),
    GlobalMaxPool: (node) => readGlobal(node, 'max'),
    GlobalAveragePool: (node) => readGlobal(node, 'mean'),
  },
  onnx: (emit, { inputs }, { kind, dims, keepDims }) => {
    const axes = axesOf(dims, inputs[0]!)
    const keepdims = keepDims ? 1 : 0
    // In opset 17 the axes of a sum are an input, those of every other reduction an attribute.
    if (kind === 'sum') emit.node('ReduceSum', [emit.inputs[0]!, integers(emit, 'axes', axes)], emit.outputs, { keepdims })
    else emit.node(onnxOf[kind], emit.inputs, emit.outputs, { axes, keepdims })
  },
  tfjs: (tf, { attributes: { kind, dims }, inputs, outputs }) => {
    const axes = axesOf(dims, inputs[0]!)
    return inEngineOrder(tf, ([x]) => tf.reshape(tfjsOf[kind](tf, x!, axes), [...outputs[0]!]))
  },
})
