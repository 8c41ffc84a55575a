import { invalid, quote } from './fault.ts'
import { type FileNode, nodeName } from './model.ts'

/**
 * The nodes that lead to an output, inputs first: depth-first from the outputs, so that the order depends on the graph
 * alone and never on how the file lists its nodes. Iterative and linear.
 * @param known tensors that no node makes: graph inputs and initializers.
 * @throws EngineError INVALID_ONNX where two nodes make one tensor, where nobody makes one that is read, or in a cycle.
 */
export function orderNodes(nodes: readonly FileNode[], outputs: readonly string[], known: ReadonlySet<string>): FileNode[] {
  /** By the tensor that it makes: the place of the node in the list. */
  const makers = new Map<string, number>()
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as FileNode
    for (const name of node.outputs) {
      if (name === '') continue
      const other = makers.get(name)
      if (other !== undefined || known.has(name))
        throw invalid(
          `tensor ${quote(name)} is made by ${other === undefined ? `node ${quote(nodeName(node))}, but is an input or an initializer` : `two nodes, ${quote(nodeName(nodes[other]!))} and ${quote(nodeName(node))}`}: each tensor has one maker`,
          nodeName(node),
        )
      makers.set(name, i)
    }
  }
  const order: FileNode[] = []
  /** 0 for a node that was not met, `open` while what it needs is, `done` after it. */
  const states = new Uint8Array(nodes.length)
  const [open, done] = [1, 2]
  // Nodes that are open, and which of their inputs is next.
  const stack: number[] = []
  const next: number[] = []
  const enter = (name: string, reader: FileNode | null): void => {
    if (name === '' || known.has(name)) return
    const at = makers.get(name)
    if (at === undefined)
      throw invalid(
        `tensor ${quote(name)}, ${reader ? `read by ${reader.opType} node ${quote(nodeName(reader))}` : 'an output of the graph'}, is made by no node and is neither input nor initializer`,
        reader ? nodeName(reader) : null,
      )
    if (states[at] === done) return
    if (states[at] === open) {
      const node = nodes[at] as FileNode
      throw invalid(`the nodes form a cycle through ${quote(nodeName(node))}: a node can only read what does not need it`, nodeName(node))
    }
    states[at] = open
    stack.push(at)
    next.push(0)
  }
  for (const output of outputs) {
    enter(output, null)
    while (stack.length > 0) {
      const top = stack.length - 1
      const at = stack[top] as number
      const node = nodes[at] as FileNode
      const input = next[top] as number
      if (input < node.inputs.length) {
        next[top] = input + 1
        enter(node.inputs[input] as string, node)
        continue
      }
      states[at] = done
      order.push(node)
      stack.pop()
      next.pop()
    }
  }
  return order
}
