import { EngineError } from '../../errors.ts'
import { fileNode } from './branches.ts'
import { invalid, quote } from './fault.ts'
import type { AttributeProto, FunctionProto, NodeProto } from './messages.ts'
import { domainOf, type FileModel, type FileNode, nodeName, opsetOf } from './model.ts'

/** What the names and attributes of functions written out take, bytes: each call's names lie behind its caller's. */
const mostBytes = 2 ** 26
/** Of an entry in a list, its letters aside. */
const entryBytes = 48
/** Calls inside of calls. */
const deepest = 64

const key = (domain: string, name: string, overload: string): string => `${domain}\n${name}\n${overload}`

interface Call {
  node: FileNode
  depth: number
}

/**
 * The file's nodes with every local function written out in place of its calls, as the ONNX specification means them.
 * @param given the nodes: the graph's own, or those of a graph inside of a node.
 * @throws EngineError INVALID_ONNX where functions call each other without end; LIMIT_EXCEEDED where writing them out
 *   passes `most` nodes and calls.
 */
export function inlineFunctions(
  model: FileModel,
  most: number,
  given: readonly NodeProto[] = model.graph.node,
  opset: Readonly<Record<string, number>> = model.opset,
): FileNode[] {
  const nodes: FileNode[] = []
  if (model.functions.length === 0) {
    for (const node of given) nodes.push(fileNode(node, opset))
    return bounded(nodes, most)
  }
  const functions = new Map<string, FunctionProto>()
  for (const each of model.functions) functions.set(key(domainOf(each.domain), each.name, each.overload), each)
  // A stack of its own; the last is next, so that nodes come in the order of the calls.
  const open: Call[] = []
  for (let i = given.length - 1; i >= 0; i--) {
    const node = given[i]!
    open.push({ node: Object.assign(fileNode(node, opset), { overload: node.overload }), depth: 0 })
  }
  let calls = open.length
  let bytes = 0
  while (open.length > 0) {
    const { node, depth } = open.pop() as Call
    const callee = functions.get(key(node.domain, node.opType, (node as { overload?: string }).overload ?? ''))
    if (!callee) {
      nodes.push(node)
      continue
    }
    if (depth >= deepest)
      throw invalid(
        `function ${quote(node.opType)} is called inside of calls more than ${deepest} deep: does it call itself?`,
        nodeName(node),
      )
    calls += callee.node.length + 1
    if (calls > most) tooMany(most)
    bytes += bodyBytes(callee, node)
    if (bytes > mostBytes)
      throw new EngineError(
        'LIMIT_EXCEEDED',
        `the nodes of local functions written out take more than ${mostBytes} bytes with their names and attributes, which is the limit: ${quote(node.opType)} passes it`,
      )
    const body = bodyOf(callee, node)
    for (let i = body.length - 1; i >= 0; i--) open.push({ node: body[i] as FileNode, depth: depth + 1 })
  }
  return bounded(nodes, most)
}

function bounded(nodes: FileNode[], most: number): FileNode[] {
  if (nodes.length > most) tooMany(most)
  return nodes
}

function tooMany(most: number): never {
  throw new EngineError('LIMIT_EXCEEDED', `the file has more than ${most} nodes, local functions written out, which is the limit`)
}

/** What comes before the names of a call's own tensors. */
const prefixOf = (call: FileNode): string => `${call.outputs.find((name) => name !== '') ?? nodeName(call)}/`

/** What the body of a function for one call takes, bytes, before it is made. */
function bodyBytes(callee: FunctionProto, call: FileNode): number {
  // A tensor has its own name behind the call's, or the name that the call gives it.
  const longest =
    prefixOf(call).length + call.name.length + [...call.inputs, ...call.outputs].reduce((most, name) => Math.max(most, name.length), 0)
  let bytes = 0
  for (const { name, input, output, attribute } of callee.node) {
    bytes += entryBytes * (1 + input.length + output.length + attribute.length) + longest + name.length
    for (const each of input) if (each !== '') bytes += longest + each.length
    for (const each of output) if (each !== '') bytes += longest + each.length
  }
  return bytes
}

/** The body of a function for one call: its tensors under names of their own, its attributes filled in. */
function bodyOf(callee: FunctionProto, call: FileNode): FileNode[] {
  const prefix = prefixOf(call)
  const names = new Map<string, string>()
  callee.input.forEach((name, i) => void names.set(name, call.inputs[i] ?? ''))
  callee.output.forEach((name, i) => void names.set(name, call.outputs[i] || `${prefix}${name}`))
  const renamed = (name: string): string => (name === '' ? '' : (names.get(name) ?? `${prefix}${name}`))
  const given = new Map<string, AttributeProto>()
  for (const attribute of callee.attributeProto) given.set(attribute.name, attribute)
  for (const attribute of call.attributes) given.set(attribute.name, attribute)
  const opset = opsetOf(callee.opsetImport)
  return callee.node.map((node) => ({
    ...fileNode(node, opset),
    overload: node.overload,
    name: node.name === '' ? '' : `${call.name || prefix.slice(0, -1)}/${node.name}`,
    inputs: node.input.map(renamed),
    outputs: node.output.map(renamed),
    attributes: node.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === '') return [attribute]
      const value = given.get(attribute.refAttrName)
      // An attribute that the call leaves out is left out of the node: the operator's own default holds.
      return value ? [{ ...value, name: attribute.name }] : []
    }),
  }))
}
