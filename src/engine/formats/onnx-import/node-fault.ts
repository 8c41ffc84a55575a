import { ShapeError } from '../../errors.ts'
import { CountOverflow } from '../../exact.ts'
import { invalid, quote } from './fault.ts'
import { type FileNode, nodeName } from './model.ts'

/** A node as messages name it. */
export const labelOf = (node: FileNode): string => `${node.opType} node ${quote(nodeName(node))}`

/**
 * What `work` gives.
 * @param how the node failed, before the words: ` cannot be computed`.
 * @throws EngineError INVALID_ONNX naming the node, where it throws in words alone, as the shape rules of ONNX do
 *   (`shapes.ts`); errors with a code pass, and a bug stays what it is.
 */
export function worded<T>(node: FileNode, how: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const inWords = cause instanceof ShapeError || cause instanceof CountOverflow || (cause as Error).constructor === Error
    if (!inWords) throw cause
    throw invalid(`${labelOf(node)}${how}: ${(cause as Error).message}`, nodeName(node))
  }
}
