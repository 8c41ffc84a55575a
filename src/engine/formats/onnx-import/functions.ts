import { create } from '@bufbuild/protobuf'
import { type AttributeProto, AttributeProtoSchema, type FunctionProto } from 'onnx-buf'
import { EngineError } from '../../errors.ts'
import { invalid, quote } from './fault.ts'
import { domainOf, type FileModel, type FileNode, fileNode, nodeName, opsetOf } from './model.ts'

/** Letters of the names that written-out functions give their tensors: each call's lie behind its caller's. */
const mostLetters = 2 ** 25
/** Calls inside of calls. */
const deepest = 64

const key = (domain: string, name: string, overload: string): string => `${domain}\n${name}\n${overload}`

interface Call {
  node: FileNode
  depth: number
}

/**
 * The file's nodes with every local function written out in place of its calls, as the ONNX specification means them.
 * @throws EngineError INVALID_ONNX where functions call each other without end; LIMIT_EXCEEDED where writing them out
 *   passes `most` nodes and calls.
 */
export function inlineFunctions(model: FileModel, most: number): FileNode[] {
  const nodes: FileNode[] = []
  if (model.functions.length === 0) {
    for (const node of model.graph.node) nodes.push(fileNode(node, model.opset))
    return bounded(nodes, most)
  }
  const functions = new Map<string, FunctionProto>()
  for (const each of model.functions) functions.set(key(domainOf(each.domain), each.name, each.overload), each)
  // A stack of its own; the last is next, so that nodes come in the order of the calls.
  const open: Call[] = []
  for (let i = model.graph.node.length - 1; i >= 0; i--) {
    const node = model.graph.node[i]!
    open.push({ node: Object.assign(fileNode(node, model.opset), { overload: node.overload }), depth: 0 })
  }
  let calls = open.length
  let letters = 0
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
    const body = bodyOf(callee, node)
    for (const each of body) for (const name of [...each.inputs, ...each.outputs]) letters += name.length
    if (letters > mostLetters)
      throw new EngineError(
        'LIMIT_EXCEEDED',
        `the tensors of local functions written out have more than ${mostLetters} letters in their names, which is the limit`,
      )
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

/** The body of a function for one call: its tensors under names of their own, its attributes filled in. */
function bodyOf(callee: FunctionProto, call: FileNode): FileNode[] {
  const prefix = `${call.outputs.find((name) => name !== '') ?? nodeName(call)}/`
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
      return value ? [create(AttributeProtoSchema, { ...value, name: attribute.name })] : []
    }),
  }))
}
