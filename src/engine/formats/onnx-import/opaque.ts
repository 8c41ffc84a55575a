import type { AnyOp } from '../../op.ts'
import { findOp } from '../../ops/index.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { batchDim } from './batch.ts'
import type { Activation, Value } from './constant.ts'
import { BatchLost } from './fault.ts'
import { broadcastShapes } from './fold/folding.ts'
import type { FileNode } from './model.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** Operators whose output has the shape of their first input, whatever they compute. */
const likeInput = words(
  'Acos Acosh Asin Asinh Atan Atanh Bernoulli BitwiseNot Cosh CumSum DequantizeLinear Hardmax IsInf IsNaN LpNormalization MeanVarianceNormalization Not QuantizeLinear ReverseSequence RotaryEmbedding Scatter ScatterElements ScatterND Shrink Sign Sinh Tan Trilu',
)
/** Operators that work element by element on inputs that broadcast. */
const broadcasting = words('And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Mod Or Where Xor')

function known(node: FileNode, first: Activation, values: readonly (Value | undefined)[]): readonly number[] | undefined {
  if (node.domain !== '') return undefined
  if (likeInput.has(node.opType)) return first.shape
  return broadcasting.has(node.opType) ? values.map((value) => value?.shape ?? []).reduce(broadcastShapes) : undefined
}

/**
 * A node that is not read, as a layer of known shapes and nothing else: its outputs are like its input, or the file states
 * their shapes. Null where neither is so.
 */
export function opaque(
  node: FileNode,
  values: readonly (Value | undefined)[],
  batch: number,
  stated: (tensor: string) => readonly number[] | undefined,
): { op: AnyOp; layer: OnnxLayer } | null {
  const op = findOp('Opaque')
  const inputs = node.inputs.flatMap((_, i) => (values[i]?.kind === 'activation' ? [i] : []))
  const first = values[inputs[0] ?? -1]
  if (!op || !first || first.kind !== 'activation' || inputs.length > 64) return null
  const shapes = node.outputs.map((name, i) => stated(name) ?? (i === 0 ? known(node, first, values) : undefined))
  if (shapes.some((shape) => shape === undefined)) return null
  const given = shapes as (readonly number[])[]
  if (batchDim(first.shape, first.wide) !== 0 || first.shape[0] !== batch || given.some((shape) => shape[0] !== batch))
    throw new BatchLost('it is not read here, and its tensors do not have the batch as their first dim')
  return {
    op,
    layer: { attributes: { opType: node.opType, domain: node.domain, outputShapes: given.map((shape) => shape.slice(1)) }, inputs },
  }
}
