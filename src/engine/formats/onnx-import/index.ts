import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import { defaultLimits, type Limits } from '../../limits.ts'
import type { Parameter } from '../../op.ts'
import { probe } from './batch.ts'
import type { WriteGraph } from './branches.ts'
import { ElementTypes } from './element-types.ts'
import { type ExternalFiles, type NamedFile, namedFiles } from './external.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import { inlineFunctions } from './functions.ts'
import { indexBounds } from './index-bounds.ts'
import type { TranslatedLayer } from './layer.ts'
import { type FileModel, type FileNode, opsets, type Parts, readModel } from './model.ts'
import { orderNodes } from './order.ts'
import { fillSlot } from './parameters.ts'
import { type ImportReport, reportOf } from './report.ts'
import { namedSizes, type OpenSizes } from './sizes.ts'
import { constantOf } from './tensor.ts'
import { type Translated, Translator } from './translate.ts'
import { anyShape, batchesOf, inputShape, StatedShapes, symbolicBatch, typeCode } from './value-info.ts'
import { verified } from './verified.ts'
import type { ExternalFile } from './wire.ts'

export type { ExternalFiles, NamedFile } from './external.ts'
export type { ImportReport } from './report.ts'
export { type AskedSizes, type OpenSizes, otherSizes } from './sizes.ts'
export type { ExternalFile } from './wire.ts'

export interface ImportOptions {
  limits?: Limits
  /** Sizes that the file leaves open. */
  sizes?: OpenSizes | undefined
  /** Files that came with the model. None is looked for anywhere else. */
  files?: ExternalFiles
}

export interface ImportedModel {
  graph: Graph
  report: ImportReport
  /** Files beside the model that it names for its numbers. */
  beside: readonly NamedFile[]
  /**
   * The file's own value of a layer's parameter, row-major in the parameter's shape, or null where the file does not hold
   * it. A view of the file where that is in memory and the layout allows, made anew at each call otherwise.
   */
  parameterOf(layerId: string, parameter: Parameter): Float32Array | null
  /** Of the graph's inputs: ONNX's number of the type, and what whole numbers are below where they pick rows of a table. */
  elements: readonly { type: number; below: number | null }[]
  /** The file's own names: of the graph's inputs and outputs, in the graph's order; node → layer. */
  names: { inputs: readonly string[]; outputs: readonly string[]; layerOfNode: ReadonlyMap<string, string> }
  /** Inputs of the file that the network does not read, with the shape of one image: a run of the file feeds them all the same. */
  unread: readonly { name: string; shape: readonly number[]; type: number }[]
}

/** Inputs and outputs of a graph (`read-spec.ts`). */
const mostInputs = 64
const mostOutputs = 1000

/** How many nodes without a layer (constants and shapes) a file may have, as a multiple of the layers allowed. */
const nodesPerLayer = 10

/**
 * Reads an ONNX file, opset 6 to 28, as a graph: integer subgraphs are computed, local functions written out, batch norm
 * taken as it is. The first dim of each input is the batch; files of a fixed one are read for every batch as far as it can
 * be followed (`batch.ts`), else a note says so and the graph works at the file's own batch alone. The graph depends on
 * what the file means, never on the order of its nodes. Linear in the file.
 * @param file its bytes, or a file on disk: weights then stay there until somebody asks for their numbers.
 * @throws EngineError INVALID_ONNX naming node, operator and tensor; LIMIT_EXCEEDED.
 */
export function importOnnx(
  file: Uint8Array | ExternalFile,
  { limits = defaultLimits, files = () => undefined, sizes = {} }: ImportOptions = {},
): ImportedModel {
  const model = readModel(file, limits)
  const most = nodesPerLayer * limits.maxLayers
  const all = inlineFunctions(model, most)
  const parts = partsOf(model)
  const nodes = orderNodes(all, parts.outputs, new Set([...parts.inputs.map((input) => input.name), ...parts.initializers.keys()]))
  const source: Source = { files, branches: () => branches(model, most), sizes }
  let translated: Translated
  let fixed = false
  const notes: string[] = []
  const opset = model.opset[''] ?? 0
  if (opset > opsets.newest)
    notes.push(
      `The file is written in opset ${opset}, which is newer than ${opsets.newest}, the newest known here: its operators are read as they were then.`,
    )
  try {
    translated = translate(nodes, parts, probe, source)
  } catch (cause) {
    if (!(cause instanceof BatchLost)) throw cause
    if (parts.batch !== 'symbolic' && parts.batch !== 1)
      throw invalid(`the batch, ${parts.batch} in this file, cannot be followed: ${cause.message}; export the network with a batch of 1`)
    translated = alone(nodes, parts, cause, source)
    fixed = true
    notes.push(`The batch cannot be followed through the network, so it works at batch 1 alone: ${cause.message}.`)
  }
  const graph = verified(translated, fixed, limits)
  const beside = namedFiles(model)
  const { layers } = translated.translator
  // Made where somebody asks: costs need neither.
  let byId: Map<string, TranslatedLayer> | undefined
  let layerOfNode: Map<string, string> | undefined
  return {
    graph,
    report: reportOf({ model, all, nodes, parts, graph, translated, notes, files, beside }),
    beside,
    parameterOf: (layerId, parameter) => {
      byId ??= new Map(layers.map((layer) => [layer.id, layer]))
      const slot = byId.get(layerId)?.slots.get(parameter.name)
      return slot ? fillSlot(slot, parameter) : null
    },
    elements: elementsOf(nodes, translated),
    unread: translated.unread.map((each) => ({ ...each, type: typeCode(parts.inputs.find(({ name }) => name === each.name)!) })),
    names: {
      inputs: translated.inputs.map(({ name }) => name),
      outputs: translated.translator.outputNames,
      get layerOfNode() {
        layerOfNode ??= new Map(layers.flatMap(({ id, node }) => (node ? [[node, id] as const] : [])))
        return layerOfNode
      },
    },
  }
}

function partsOf({ graph }: FileModel): Parts {
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
  if (initializers.size < graph.initializer.length) {
    const seen = new Set<string>()
    for (const { name } of graph.initializer)
      if (seen.size === seen.add(name).size) throw invalid(`two initializers have the name ${quote(name)}: each tensor needs its own`)
  }
  for (const { values } of graph.sparseInitializer)
    throw invalid(`initializer ${quote(values?.name ?? '')} is sparse, which is not read: store it dense`)
  // Up to IR version 3 every initializer is listed among the inputs as well.
  const inputs = graph.input.filter((input) => !initializers.has(input.name))
  const outputs = graph.output.map((output) => output.name)
  if (inputs.length > mostInputs || outputs.length > mostOutputs)
    throw new EngineError(
      'LIMIT_EXCEEDED',
      `the graph has ${inputs.length} inputs and ${outputs.length} outputs, the limits are ${mostInputs} and ${mostOutputs}`,
    )
  if (outputs.length === 0) throw invalid('the graph has no outputs: name what the network computes')
  return { inputs, outputs, initializers, batch: symbolicBatch(inputs), graph }
}

function alone(nodes: readonly FileNode[], parts: Parts, lost: BatchLost, source: Source): Translated {
  try {
    return translate(nodes, parts, 1, source)
  } catch (cause) {
    throw cause instanceof BatchLost ? invalid(`the batch cannot be followed: ${lost.message}`) : cause
  }
}

/** What a translation takes from the file beside its nodes. */
interface Source {
  files: ExternalFiles
  sizes: OpenSizes
  branches(): WriteGraph
}

/** Writes out the nodes of graphs inside of nodes, all together at most as many as a file may have. */
function branches(model: FileModel, most: number): WriteGraph {
  let left = most
  return (graph, opset) => {
    const nodes = inlineFunctions(model, left, graph.node, opset)
    left -= nodes.length
    return nodes
  }
}

function translate(nodes: readonly FileNode[], parts: Parts, factor: number, { files, branches, sizes }: Source): Translated {
  const batch = parts.batch === 'symbolic' ? 1 : parts.batch
  const read = new Set<string>(parts.outputs)
  for (const { inputs } of nodes) for (const name of inputs) read.add(name)
  const isRead = ({ name }: { name: string }) => read.has(name)
  const named = namedSizes(parts.inputs.filter(isRead), sizes)
  const stated = new StatedShapes(parts.graph, parts.inputs, batch, named)
  const given = [
    ...parts.inputs.map(({ name, type }) => [name, type?.value.case === 'tensorType' ? type.value.value.elemType : 0] as const),
  ]
  for (const { name, dataType } of parts.graph.initializer) given.push([name, dataType])
  const types = new ElementTypes(nodes, given, stated.typeOf, parts.outputs)
  const translator = new Translator({ size: batch, open: parts.batch === 'symbolic' }, stated, types, {
    write: branches(),
    constant: (tensor, name) => constantOf(tensor, name, false, files),
  })
  const batches = batchesOf(parts.inputs)
  const inputs: Translated['inputs'] = []
  const ignored: Translated['unread'] = []
  for (const input of parts.inputs) {
    if (!isRead(input)) {
      translator.notes.push(`Input ${quote(input.name)} is read by no node that leads to an output: it is left out.`)
      ignored.push({ name: input.name, shape: anyShape(input) })
      continue
    }
    const shape = inputShape(input, named, sizes.inputShape ?? sizes.base?.inputShape, batches)
    const id = translator.input(input.name, [batch, ...shape], [batch * factor, ...shape])
    inputs.push({ id, name: input.name, shape, dtype: types.of(input.name) })
  }
  for (const tensor of parts.graph.initializer) translator.values.set(tensor.name, constantOf(tensor, tensor.name, true, files))
  for (const node of nodes) translator.node(node)
  const outputs = translator.finish(parts.outputs)
  const unread = inputs.filter(({ id }) => !translator.reads(id))
  for (const { name } of unread) translator.notes.push(`Input ${quote(name)} gives its shape alone, no numbers: it is left out.`)
  return { translator, batch, inputs: inputs.filter((input) => !unread.includes(input)), unread: [...ignored, ...unread], outputs }
}

function elementsOf(nodes: readonly FileNode[], { translator, inputs }: Translated): ImportedModel['elements'] {
  const bounds = indexBounds(
    nodes,
    inputs.map(({ name }) => name),
    translator.values,
  )
  return inputs.map(({ name }) => ({ type: translator.types.codeOf(name), below: bounds.get(name) ?? null }))
}
