import type { Value } from './constant.ts'
import type { FileNode } from './model.ts'

/** Operators that hand indices on as they are. */
const moving: ReadonlySet<string> = new Set([
  'Cast',
  'Expand',
  'Flatten',
  'Identity',
  'Reshape',
  'Slice',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
])
const gathering: ReadonlySet<string> = new Set(['Gather', 'GatherElements'])

/**
 * What the whole numbers of an input are below, where they pick rows of a table: the rows of the smallest one.
 * @param nodes in the order of the graph.
 * @returns a bound by the name of the input.
 */
export function indexBounds(
  nodes: readonly FileNode[],
  inputs: readonly string[],
  values: ReadonlyMap<string, Value>,
): Map<string, number> {
  /** Tensor → the input whose numbers it has. */
  const from = new Map(inputs.map((name) => [name, name]))
  const bounds = new Map<string, number>()
  for (const node of nodes) {
    const [first = '', second = ''] = node.inputs
    if (moving.has(node.opType) && from.has(first)) from.set(node.outputs[0]!, from.get(first)!)
    const input = from.get(second)
    const table = values.get(first)
    if (!gathering.has(node.opType) || input === undefined || !table) continue
    const axis = node.attributes.find(({ name }) => name === 'axis')?.i ?? 0
    const rows = table.shape[axis < 0 ? axis + table.shape.length : axis]
    if (rows !== undefined) bounds.set(input, Math.min(rows, bounds.get(input) ?? rows))
  }
  return bounds
}
