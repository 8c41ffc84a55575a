import type { Value } from '../constant.ts'
import { BatchLost, invalid, quote } from '../fault.ts'
import { type FileNode, nodeName } from '../model.ts'
import { arithmetic } from './arithmetic.ts'
import { cutting } from './cutting.ts'
import { type Rewrite, Rewriter, type Rewritten } from './rewriter.ts'

/** Operators whose nodes are written as several where no op of the engine is the same. */
const rewrites: ReadonlyMap<string, Rewrite> = new Map(Object.entries({ ...arithmetic, ...cutting }))

/** What a node is written as instead, or null where it stays. @throws EngineError INVALID_ONNX where its parts do not go together. */
export function rewrite(node: FileNode, values: readonly (Value | undefined)[]): Rewritten | null {
  const found = node.domain === '' ? rewrites.get(node.opType) : undefined
  if (!found) return null
  try {
    return found(new Rewriter(node, values))
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof BatchLost || cause.name === 'EngineError') throw cause
    throw invalid(`${node.opType} node ${quote(nodeName(node))}: ${cause.message}`, nodeName(node))
  }
}

/** Names of the operators that may be written as others, for the docs. */
export const rewrittenOperators = (): Iterable<string> => rewrites.keys()
