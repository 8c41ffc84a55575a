import type { AnyOp } from '../../op.ts'
import { findOp } from '../../ops/index.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { batchDim } from './batch.ts'
import type { Value } from './constant.ts'
import { BatchLost, quote } from './fault.ts'
import { type FileNode, nodeName } from './model.ts'

/** Operators whose output has the shape of their first input, whatever they compute. */
const likeInput: ReadonlySet<string> = new Set(
  'Acos Acosh Asin Asinh Atan Atanh Cosh Sinh Tan Sign IsNaN BitwiseNot Bernoulli Hardmax Shrink CumSum LpNormalization MeanVarianceNormalization Not Swish ScatterElements ScatterND Scatter QuantizeLinear DequantizeLinear ReverseSequence Trilu RotaryEmbedding'.split(
    ' ',
  ),
)

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
  const shapes = node.outputs.map(
    (name, i) => stated(name) ?? (i === 0 && node.domain === '' && likeInput.has(node.opType) ? first.shape : undefined),
  )
  if (shapes.some((shape) => shape === undefined)) return null
  const given = shapes as (readonly number[])[]
  if (batchDim(first.shape, first.wide) !== 0 || first.shape[0] !== batch || given.some((shape) => shape[0] !== batch))
    throw new BatchLost(
      `${node.opType} node ${quote(nodeName(node))} is not read here, and its tensors do not have the batch as their first dim`,
    )
  return {
    op,
    layer: { attributes: { opType: node.opType, domain: node.domain, outputShapes: given.map((shape) => shape.slice(1)) }, inputs },
  }
}
