import { invalid, quote } from './fault.ts'
import { AttributeProto_AttributeType, type GraphProto, type NodeProto } from './messages.ts'
import { type FileNode, nodeName, plainNode } from './model.ts'
import { orderNodes } from './order.ts'

/**
 * Graphs inside of nodes (`If`, `Loop`, `Scan`). They read tensors from around them without listing these: a node is given
 * them as further inputs here, so that whatever follows inputs follows these too.
 */

const { GRAPH, GRAPHS } = AttributeProto_AttributeType

function* graphsOf(node: NodeProto): Iterable<GraphProto> {
  for (const { type, g, graphs } of node.attribute) {
    if (type === GRAPH && g) yield g
    if (type === GRAPHS) yield* graphs
  }
}

/** Tensors from around it that a graph reads. */
function outerOf(graph: GraphProto): Set<string> {
  const made = new Set<string>([...graph.input.map(({ name }) => name), ...graph.initializer.map(({ name }) => name)])
  for (const { output } of graph.node) for (const name of output) made.add(name)
  const outer = new Set<string>()
  const reads = (name: string) => {
    if (name !== '' && !made.has(name)) outer.add(name)
  }
  for (const node of graph.node) {
    for (const name of node.input) reads(name)
    for (const inner of graphsOf(node)) for (const name of outerOf(inner)) reads(name)
  }
  for (const { name } of graph.output) reads(name)
  return outer
}

/** Worked out once for each node of the file, however often a function that holds it is called. */
const captured = new WeakMap<NodeProto, readonly string[]>()

/** Tensors that the graphs inside of a node read from around it. */
function capturesOf(node: NodeProto): readonly string[] {
  const there = captured.get(node)
  if (there) return there
  const names = new Set<string>()
  for (const graph of graphsOf(node)) for (const name of outerOf(graph)) names.add(name)
  const list = [...names]
  captured.set(node, list)
  return list
}

/** A node of the file in the importer's words, with what the graphs inside of it read. */
export function fileNode(node: NodeProto, opset: Readonly<Record<string, number>>): FileNode {
  const plain = plainNode(node, opset)
  if (!node.attribute.some(({ type }) => type === GRAPH || type === GRAPHS)) return plain
  const outer = capturesOf(node)
  return { ...plain, inputs: [...plain.inputs, ...outer], holds: { outer, own: plain.inputs.length, opset } }
}

/** Gives the nodes of a graph, local functions written out. @throws EngineError LIMIT_EXCEEDED. */
export type WriteGraph = (graph: GraphProto, opset: Readonly<Record<string, number>>) => FileNode[]

/** The nodes of a branch, in order, its tensors under names of their own, and which of them are its outputs. */
export interface Branch {
  nodes: readonly FileNode[]
  initializers: readonly { name: string; tensor: GraphProto['initializer'][number] }[]
  outputs: readonly string[]
}

/** The branch of an `If` node that runs where its condition is `taken`. @throws EngineError INVALID_ONNX where it has none. */
export function branchOf(node: FileNode, taken: boolean, write: WriteGraph): Branch {
  const wanted = taken ? 'then_branch' : 'else_branch'
  const graph = node.attributes.find(({ name }) => name === wanted)?.g
  if (!graph || !node.holds) throw invalid(`If node ${quote(nodeName(node))} has no ${wanted}`, nodeName(node))
  if (graph.output.length !== node.outputs.length)
    throw invalid(
      `If node ${quote(nodeName(node))} has ${node.outputs.length} outputs, but its ${wanted} gives ${graph.output.length}`,
      nodeName(node),
    )
  const { outer, own, opset } = node.holds
  // Tensors from around it may be called otherwise there, where a function was written out.
  const around = new Map(outer.map((name, i) => [name, node.inputs[own + i]!]))
  const prefix = `${node.outputs.find((name) => name !== '') ?? nodeName(node)}/${taken ? 'then' : 'else'}/`
  const renamed = (name: string): string => (name === '' ? '' : (around.get(name) ?? `${prefix}${name}`))
  const nodes = write(graph, opset).map((each) => {
    if (each.attributes.some(({ refAttrName }) => refAttrName !== ''))
      throw invalid(
        `${each.opType} node ${quote(nodeName(each))} in a branch takes an attribute of the function around it, which is not read`,
      )
    return { ...each, inputs: each.inputs.map(renamed), outputs: each.outputs.map(renamed) }
  })
  const initializers = graph.initializer.map((tensor) => ({ name: `${prefix}${tensor.name}`, tensor }))
  const outputs = graph.output.map(({ name }) => renamed(name))
  const made = new Set(nodes.flatMap((each) => each.outputs))
  const known = new Set([...around.values(), ...initializers.map(({ name }) => name)])
  return {
    nodes: orderNodes(
      nodes,
      outputs.filter((name) => made.has(name)),
      known,
    ),
    initializers,
    outputs,
  }
}
