import { invalid, quote } from './fault.ts'
import type { AttributeProto, GraphProto, NodeProto, SparseTensorProto, TensorProto } from './messages.ts'
import { TensorProto_DataLocation } from './messages.ts'
import type { FileModel } from './model.ts'
import type { ExternalFile } from './wire.ts'

/** The files that came with a model: which one a name of the model's is. What it names is compared, and never followed. */
export type ExternalFiles = (location: string) => ExternalFile | undefined

export const isExternal = (tensor: TensorProto): boolean => tensor.dataLocation === TensorProto_DataLocation.EXTERNAL

const entry = (tensor: TensorProto, key: string): string | undefined => tensor.externalData.find((each) => each.key === key)?.value

/** The name of the file that a tensor lies in. */
export const locationOf = (tensor: TensorProto): string => entry(tensor, 'location') ?? ''

/** A part of a file beside the model. */
export interface Outside {
  file: ExternalFile
  offset: number
  length: number
}

/**
 * Position of a tensor's bytes in the file sent for it; null where none was sent.
 * @param length bytes that its dims and type ask for.
 * @throws EngineError INVALID_ONNX where the file has no such part.
 */
export function outsideOf(tensor: TensorProto, name: string, length: number, files: ExternalFiles): Outside | null {
  const location = locationOf(tensor)
  const file = files(location)
  if (!file) return null
  const offset = numberOf(tensor, 'offset', name) ?? 0
  const stated = numberOf(tensor, 'length', name) ?? length
  if (stated !== length)
    throw invalid(`tensor ${quote(name)} takes ${length} bytes, but the file says that ${stated} of them lie in ${quote(location)}`)
  if (offset + length > file.length)
    throw invalid(
      `tensor ${quote(name)} lies at ${offset} to ${offset + length} of ${quote(location)}, but the one sent has ${file.length} bytes: send the file that was written with this model`,
    )
  return { file, offset, length }
}

function numberOf(tensor: TensorProto, key: string, name: string): number | undefined {
  const text = entry(tensor, key)
  if (text === undefined || text === '') return undefined
  const number = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw invalid(`the ${key} of tensor ${quote(name)} in its file is ${quote(text)}, and must be a whole number`)
  return number
}

/** A file that a model names for its numbers. */
export interface NamedFile {
  location: string
  /** SHA-1 of the file, where the model states it (ONNX, "External Data"). */
  checksum: string | null
}

/** The files that a model names, each once, in order. */
export function namedFiles(model: FileModel): NamedFile[] {
  const found = new Map<string, string | null>()
  for (const tensor of externalTensors(model)) {
    const location = locationOf(tensor)
    found.set(location, found.get(location) ?? entry(tensor, 'checksum') ?? null)
  }
  return [...found].map(([location, checksum]) => ({ location, checksum })).sort((a, b) => (a.location < b.location ? -1 : 1))
}

/** Every tensor that is stored outside of a model: initializers, and those of attributes, subgraphs and functions. */
function externalTensors({ graph, functions }: FileModel): TensorProto[] {
  const found: TensorProto[] = []
  const take = (tensor: TensorProto | undefined) => {
    if (tensor && isExternal(tensor)) found.push(tensor)
  }
  // A stack of its own, since files are hostile.
  const graphs: GraphProto[] = [graph]
  const ofSparse = (sparse: SparseTensorProto) => {
    take(sparse.values)
    take(sparse.indices)
  }
  const ofAttribute = (attribute: AttributeProto) => {
    take(attribute.t)
    attribute.tensors.forEach(take)
    if (attribute.sparseTensor) ofSparse(attribute.sparseTensor)
    attribute.sparseTensors.forEach(ofSparse)
    if (attribute.g) graphs.push(attribute.g)
    for (const graph of attribute.graphs) graphs.push(graph)
  }
  const ofNodes = (nodes: readonly NodeProto[]) => {
    for (const { attribute } of nodes) attribute.forEach(ofAttribute)
  }
  for (const { node, attributeProto } of functions) {
    ofNodes(node)
    attributeProto.forEach(ofAttribute)
  }
  while (graphs.length > 0) {
    const { node, initializer, sparseInitializer } = graphs.pop()!
    initializer.forEach(take)
    sparseInitializer.forEach(ofSparse)
    ofNodes(node)
  }
  return found
}
