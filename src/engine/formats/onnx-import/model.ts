import type { Limits } from '../../limits.ts'
import { decodeModel } from './decode.ts'
import { invalid, quote } from './fault.ts'
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, OperatorSetIdProto, ValueInfoProto } from './messages.ts'
import type { ExternalFile } from './wire.ts'

/** A node as the importer works with it: a file's, or one of a function's body written in its place. */
export interface FileNode {
  opType: string
  /** `''` is ONNX's own. */
  domain: string
  /** Version of the operator set of that domain. */
  opset: number
  name: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes: readonly AttributeProto[]
  /** Set by the importer alone: the one input, which holds no batch, is repeated along this dim for each image. */
  overBatch?: number
  /** Of a node that holds graphs: what these read from around it, which stands behind its own inputs, and their operator sets. */
  holds?: { outer: readonly string[]; own: number; opset: Readonly<Record<string, number>> }
  /** Set by the importer alone: the dim goes that the images of the batch have to themselves. */
  joinsBatch?: true
}

export interface FileModel {
  irVersion: number
  producer: string
  opset: Record<string, number>
  functions: readonly FunctionProto[]
  graph: GraphProto
}

/** What the file's graph is given and gives. */
export interface Parts {
  inputs: readonly ValueInfoProto[]
  outputs: readonly string[]
  initializers: ReadonlyMap<string, FileModel['graph']['initializer'][number]>
  /** The batch that the file states. */
  batch: 'symbolic' | number
  graph: FileModel['graph']
}

/** Operator sets that are read. 6 is what older exporters wrote; it differs by how its element-wise operators broadcast (`decompositions/arithmetic.ts`). */
export const opsets = { oldest: 6, newest: 28 } as const

/** ONNX's own domain goes by two names. */
export const domainOf = (name: string): string => (name === 'ai.onnx' ? '' : name)

/** An operator with its domain, where that is not ONNX's own. */
export const operatorOf = ({ opType, domain }: { opType: string; domain: string }): string =>
  domain === '' ? opType : `${domain}.${opType}`

/** What a node is called in messages: its name, or the tensor that it makes. */
export const nodeName = (node: { name: string; outputs?: readonly string[]; output?: readonly string[] }): string =>
  node.name || (node.outputs ?? node.output)?.find((name) => name !== '') || 'without a name'

/**
 * Reads a model, in memory or on disk.
 * @throws EngineError INVALID_ONNX where they are no model, or one of an operator set that is not read; LIMIT_EXCEEDED
 *   where it has more parts than any network of `limits.maxLayers`.
 */
export function readModel(file: Uint8Array | ExternalFile, limits: Limits): FileModel {
  if (file.length === 0) throw invalid('the file is empty: send the bytes of an ONNX model')
  const model = decodeModel(file, { messages: 60 * limits.maxLayers, fields: 400 * limits.maxLayers })
  const { graph } = model
  if (!graph) throw invalid('the model has no graph: this is no ONNX file, or not a whole one')
  const opset = opsetOf(model.opsetImport)
  const own = opset['']
  if (own === undefined && graph.node.some((node) => domainOf(node.domain) === ''))
    throw invalid('the model names no version of ONNX’s operator set (opset_import): export it again')
  if (own !== undefined && own < opsets.oldest)
    throw invalid(`the model is written in opset ${own}; opsets from ${opsets.oldest} on are read: export it in one of these`)
  return {
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    opset,
    functions: model.functions,
    graph,
  }
}

export function opsetOf(imports: readonly OperatorSetIdProto[]): Record<string, number> {
  const opset: Record<string, number> = Object.create(null) as Record<string, number>
  for (const { domain, version } of imports) {
    if (version < 0 || version > 1_000_000) throw invalid(`operator set ${quote(domain)} has the impossible version ${version}`)
    opset[domainOf(domain)] = version
  }
  return opset
}

/** A node of the file in the importer's words, without what graphs inside of it read (`branches.ts`). */
export function plainNode(node: NodeProto, opset: Readonly<Record<string, number>>): FileNode {
  const domain = domainOf(node.domain)
  return {
    opType: node.opType,
    domain,
    opset: opset[domain] ?? 1,
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: node.attribute,
  }
}
