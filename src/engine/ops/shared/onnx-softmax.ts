import type { OnnxLayer, OnnxNode } from '../../formats/onnx-node.ts'

/**
 * Reads `Softmax` and `LogSoftmax`. Until opset 12 they work on all dims from `axis` on together, by default from 1, which
 * is one dim where the others have size 1; elsewhere the importer writes it out as reshapes around a softmax.
 */
export function readSoftmax(node: OnnxNode): OnnxLayer | null {
  const shape = node.inputs[0]!.shape
  if (node.opset >= 13) return { attributes: { dim: node.int('axis', -1) } }
  const axis = node.int('axis', 1)
  const from = axis < 0 ? axis + shape.length : axis
  const joined = shape.flatMap((size, i) => (i >= from && size > 1 ? [i] : []))
  return joined.length > 1 ? null : { attributes: { dim: joined[0] ?? Math.max(0, Math.min(from, shape.length - 1)) } }
}
