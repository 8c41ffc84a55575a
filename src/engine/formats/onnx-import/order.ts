import { invalid, quote } from './fault.ts'
import { type FileNode, nodeName } from './model.ts'

/**
 * The nodes that lead to an output, inputs first: depth-first from the outputs, so that the order depends on the graph
 * alone and never on how the file lists its nodes. Iterative and linear.
 * @param known tensors that no node makes: graph inputs and initializers.
 * @throws EngineError INVALID_ONNX where two nodes make one tensor, where nobody makes one that is read, or in a cycle.
 */
export function orderNodes(nodes: readonly FileNode[], outputs: readonly string[], known: ReadonlySet<string>): FileNode[] {
  const makers = new Map<string, FileNode>()
  for (const node of nodes)
    for (const name of node.outputs) {
      if (name === '') continue
      const other = makers.get(name)
      if (other || known.has(name))
        throw invalid(
          `tensor ${quote(name)} is made by ${other ? `two nodes, ${quote(nodeName(other))} and ${quote(nodeName(node))}` : `node ${quote(nodeName(node))}, but is an input or an initializer`}: each tensor has one maker`,
          nodeName(node),
        )
      makers.set(name, node)
    }
  const order: FileNode[] = []
  const done = new Set<FileNode>()
  const open = new Set<FileNode>()
  const stack: { node: FileNode; next: number }[] = []
  const enter = (name: string, reader: FileNode | null): void => {
    if (name === '' || known.has(name)) return
    const node = makers.get(name)
    if (!node)
      throw invalid(
        `tensor ${quote(name)}, ${reader ? `read by ${reader.opType} node ${quote(nodeName(reader))}` : 'an output of the graph'}, is made by no node and is neither input nor initializer`,
        reader ? nodeName(reader) : null,
      )
    if (done.has(node)) return
    if (open.has(node))
      throw invalid(`the nodes form a cycle through ${quote(nodeName(node))}: a node can only read what does not need it`, nodeName(node))
    open.add(node)
    stack.push({ node, next: 0 })
  }
  for (const output of outputs) {
    enter(output, null)
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!
      if (frame.next < frame.node.inputs.length) {
        enter(frame.node.inputs[frame.next++] as string, frame.node)
        continue
      }
      open.delete(frame.node)
      done.add(frame.node)
      order.push(frame.node)
      stack.pop()
    }
  }
  return order
}
