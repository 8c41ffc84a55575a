import type { Constant, Value } from '../constant.ts'
import type { FileNode } from '../model.ts'

/** What a node is written as instead. */
export interface Rewritten {
  nodes: FileNode[]
  constants: ReadonlyMap<string, Constant>
}

export function rewrite(_node: FileNode, _values: readonly (Value | undefined)[]): Rewritten | null {
  return null
}
