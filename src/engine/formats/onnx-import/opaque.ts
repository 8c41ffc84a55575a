import type { AnyOp } from '../../op.ts'
import { findOp } from '../../ops/index.ts'
import type { Shape } from '../../shape.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { placeOf } from './batch.ts'
import type { Activation, Value } from './constant.ts'
import { BatchLost } from './fault.ts'
import { broadcastShapes } from './fold/folding.ts'
import type { FileNode } from './model.ts'
import { numelOfDims } from './shapes.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** Operators whose output has the shape of their first input, whatever they compute. */
const likeInput = words(
  'Acos Acosh Asin Asinh Atan Atanh Bernoulli BitwiseNot Cosh CumSum DequantizeLinear Hardmax IsInf IsNaN LpNormalization MeanVarianceNormalization Not QuantizeLinear ReverseSequence RotaryEmbedding Scatter ScatterElements ScatterND Shrink Sign Sinh Tan Trilu',
)
/** Operators that work element by element on inputs that broadcast. */
const broadcasting = words('And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Mod Or Where Xor')

function known(node: FileNode, first: Value, values: readonly (Value | undefined)[]): readonly number[] | undefined {
  if (node.domain !== '') return undefined
  if (likeInput.has(node.opType)) return first.shape
  return broadcasting.has(node.opType) ? values.map((value) => value?.shape ?? []).reduce(broadcastShapes) : undefined
}

/** Inputs that are settings and no weights, and those that are statistics. */
const settings: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] }
const statistics: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] }
/** Of operators on quantized numbers, floats are scales. */
const quantized = /^(Q[A-Z]|Quantize|Dequantize|DynamicQuantize)|Integer/

/** The float tensors that a node owns. */
function weightsOf(
  node: FileNode,
  values: readonly (Value | undefined)[],
): { input: number; name: string; shape: Shape; learned: boolean }[] {
  return node.inputs.flatMap((_, input) => {
    const value = values[input]
    if (value?.kind !== 'constant' || value.element !== 'float' || value.wide || numelOfDims(value.shape) < 2) return []
    if (settings[node.opType]?.includes(input)) return []
    const learned = !statistics[node.opType]?.includes(input) && !quantized.test(node.opType)
    return [{ input, name: `input${input}`, shape: value.shape, learned }]
  })
}

/** The shapes of a node's outputs: those that the file states, or as its inputs'. Null where one is not known. */
export function opaqueShapes(
  node: FileNode,
  first: Value,
  values: readonly (Value | undefined)[],
  stated: (tensor: string) => readonly number[] | undefined,
): (readonly number[])[] | null {
  const shapes = node.outputs.map((name, i) => stated(name) ?? (i === 0 ? known(node, first, values) : undefined))
  return shapes.some((shape) => shape === undefined) ? null : (shapes as (readonly number[])[])
}

/**
 * A node that is not read, as a layer of known shapes and what it owns: its outputs are like its input, or the file states
 * their shapes. Null where neither is so.
 * @throws BatchLost where the batch is not the first dim of its tensors.
 */
export function opaque(
  node: FileNode,
  values: readonly (Value | undefined)[],
  batch: number,
  stated: (tensor: string) => readonly number[] | undefined,
): { op: AnyOp; layer: OnnxLayer } | null {
  const op = findOp('Opaque')
  const inputs = node.inputs.flatMap((_, i) => (values[i]?.kind === 'activation' ? [i] : []))
  const carrying = inputs.findIndex((i) => placeOf(values[i] as Activation) !== null)
  // The first input is the one that outputs have their batch from.
  if (carrying > 0) inputs.unshift(...inputs.splice(carrying, 1))
  const first = values[inputs[0] ?? -1]
  if (!op || !first || first.kind !== 'activation' || inputs.length > 64) return null
  const given = opaqueShapes(node, first, values, stated)
  if (!given) return null
  const whole = carrying < 0
  if (!whole && (placeOf(first)!.dim !== 0 || first.shape[0] !== batch || given.some((shape) => shape[0] !== batch)))
    throw new BatchLost('it is not read here, and its tensors do not have the batch as their first dim')
  const weights = weightsOf(node, values)
  return {
    op,
    layer: {
      attributes: {
        opType: node.opType,
        domain: node.domain,
        outputShapes: given.map((shape) => (whole ? [...shape] : shape.slice(1))),
        ...(whole ? { includesBatch: true } : {}),
        weights: weights.map(({ name, shape, learned }) => ({ name, shape: [...shape], learned })),
      },
      inputs,
      parameters: Object.fromEntries(weights.map(({ name, input }) => [name, { input }])),
    },
  }
}
