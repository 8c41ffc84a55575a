import type { AnyOp } from '../../op.ts'
import { ops } from '../../ops/index.ts'
import type { OnnxLayer, OnnxReader } from '../onnx-node.ts'
import { invalid, quote } from './fault.ts'
import { type FileNode, nodeName } from './model.ts'
import type { NodeView } from './node-view.ts'

/** The op of a node, and the layer that it reads the node as. */
export interface Reading {
  op: AnyOp
  layer: OnnxLayer
}

/** ONNX operator → the ops that read it, and how. Made at the first import. */
let readers: Map<string, { op: AnyOp; read: OnnxReader }[]> | undefined
function readersOf(opType: string): readonly { op: AnyOp; read: OnnxReader }[] {
  if (!readers) {
    readers = new Map()
    for (const op of ops)
      for (const [name, read] of Object.entries(op.fromOnnx ?? {})) {
        const list = readers.get(name)
        if (list) list.push({ op, read })
        else readers.set(name, [{ op, read }])
      }
  }
  return readers.get(opType) ?? []
}

/** Whether an op takes nodes of this operator, in whatever form. */
export const isRead = (node: FileNode): boolean => node.domain === '' && readersOf(node.opType).length > 0

/** Reads a node by the op that takes it, or gives null where none does. */
export function read(node: FileNode, view: NodeView): Reading | null {
  if (node.domain !== '') return null
  for (const { op, read: reader } of readersOf(node.opType)) {
    const layer = reader(view)
    if (layer) return { op, layer }
  }
  return null
}

/**
 * The refusal of a node that nobody reads and whose shape is not known.
 * @param stated what the file says of that shape.
 */
export function unknown(node: FileNode, stated: string): Error {
  const operator = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`
  return invalid(
    `the shape of tensor ${quote(node.outputs.find((name) => name !== '') ?? '')} cannot be known: it is made by node ${quote(nodeName(node))}, whose operator ${operator} is not read in this form, and ${stated}; run shape inference on the file (onnx.shape_inference) or export the network without this operator`,
    nodeName(node),
  )
}
