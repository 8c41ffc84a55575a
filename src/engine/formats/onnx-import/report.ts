import { type Static, Type } from 'typebox'
import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import { inferShapes } from '../../infer.ts'
import { opOf } from '../../ops/index.ts'
import { numel } from '../../shape.ts'
import { ownerOf } from '../../shared-weights.ts'
import { quote } from './fault.ts'
import type { FileModel, FileNode, Parts } from './model.ts'
import { isAbsent } from './tensor.ts'
import type { Translated } from './translate.ts'

const Difference = Type.Object({
  tensor: Type.String(),
  elements: Type.Integer({ description: 'What a count of every float initializer has more than `params`; negative where it has less.' }),
  why: Type.String(),
})

/** What was found in a file. */
export const ImportReport = Type.Object({
  producer: Type.String({ description: 'The program that wrote the file.' }),
  irVersion: Type.Integer(),
  opset: Type.Record(Type.String(), Type.Integer(), { description: 'Version by domain; "" is ONNX’s own.' }),
  nodes: Type.Integer({ description: 'Nodes of the file, local functions written out.' }),
  operators: Type.Record(Type.String(), Type.Integer(), { description: 'How many nodes of each operator.' }),
  folded: Type.Integer({ description: 'Nodes that were computed at import: constants and shapes.' }),
  weights: Type.Enum(['all', 'some', 'none'], { description: 'Which weights the file holds the numbers of.' }),
  externalData: Type.Array(Type.String(), { description: 'Files that the file names for its weights; never opened.' }),
  batch: Type.Union([Type.Literal('symbolic'), Type.Integer()], { description: 'The first dim of the inputs as the file states it.' }),
  parameters: Type.Object({
    params: Type.Integer({ description: 'Elements of tensors that feed a weight, bias, scale or table: what is learned.' }),
    buffers: Type.Integer({ description: 'Elements of running statistics and fixed tables.' }),
    constants: Type.Integer({ description: 'Elements of float initializers that are neither: scalars, attributes, what nobody reads.' }),
    floatInitializerElements: Type.Integer({ description: 'What a count of every float initializer gives: params and the differences.' }),
    differences: Type.Array(Difference),
  }),
  notes: Type.Array(Type.String()),
})
export type ImportReport = Static<typeof ImportReport>

export interface Findings {
  model: FileModel
  all: readonly FileNode[]
  nodes: readonly FileNode[]
  parts: Parts
  graph: Graph
  translated: Translated
  notes: string[]
}

/** External paths listed at most; a file has one or as many as tensors. */
const mostPaths = 100
const mostOperators = 1000
const mostDifferences = 1000

/** A name out of the file, in a length that a report can have. */
const short = (name: string): string => (name.length > 500 ? `${name.slice(0, 499)}…` : name)

export function reportOf(findings: Findings): ImportReport {
  const { model, all, nodes, parts, translated } = findings
  const operators = new Map<string, number>()
  for (const { domain, opType } of all) {
    const name = short(domain === '' ? opType : `${domain}.${opType}`)
    operators.set(name, (operators.get(name) ?? 0) + 1)
    if (operators.size > mostOperators)
      throw new EngineError('LIMIT_EXCEEDED', `the file has more than ${mostOperators} different operators, which is the limit`)
  }
  const external = externalPaths(parts)
  const notes = [...findings.notes, ...translated.translator.notes]
  if (nodes.length < all.length) notes.push(`${all.length - nodes.length} nodes lead to no output and are left out.`)
  if (external.length > 0)
    notes.push(
      `Weights are named as external data (${external.slice(0, 3).map(quote).join(', ')}${external.length > 3 ? ', …' : ''}), which is not opened: costs need shapes alone, runs take seeded weights.${external.some(climbs) ? ' A path leads out of the file’s folder; another tool that follows it reads what it should not.' : ''}`,
    )
  return {
    producer: short(model.producer),
    irVersion: model.irVersion,
    opset: { ...model.opset },
    nodes: all.length,
    operators: Object.fromEntries([...operators].sort(([a], [b]) => (a < b ? -1 : 1))),
    folded: translated.translator.folded,
    weights: payloads(translated),
    externalData: external.slice(0, mostPaths).map(short),
    batch: parts.batch,
    parameters: accounted(findings),
    notes,
  }
}

const climbs = (path: string): boolean =>
  path.startsWith('/') || path.startsWith('\\') || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes('..')

function externalPaths({ initializers }: Parts): string[] {
  const paths = new Set<string>()
  for (const tensor of initializers.values())
    if (isAbsent(tensor)) paths.add(tensor.externalData.find((entry) => entry.key === 'location')?.value ?? '')
  return [...paths].sort()
}

function payloads({ translator }: Translated): ImportReport['weights'] {
  let held = 0
  let absent = 0
  for (const { slots } of translator.layers)
    for (const { constant } of slots.values()) {
      if (constant.blank || constant.absent) absent++
      else held++
    }
  return absent === 0 ? 'all' : held === 0 ? 'none' : 'some'
}

/** Where every element of a float initializer went: params + differences = all of them, exactly. */
function accounted({ parts, graph, translated }: Findings): ImportReport['parameters'] {
  const { translator } = translated
  const slots = new Map(translator.layers.map((layer) => [layer.id, layer.slots]))
  const learned = new Map<string, number>()
  const fixed = new Map<string, number>()
  let params = 0
  let buffers = 0
  let unnamed = 0
  for (const { layer, inputs } of inferShapes(graph)) {
    if (ownerOf(layer) !== layer.id) continue
    for (const parameter of opOf(layer.type).parameters?.(inputs, layer.attributes) ?? []) {
      const elements = numel(parameter.shape)
      const sources = slots.get(layer.id)?.get(parameter.name)?.constant.sources ?? []
      const into = parameter.trainable ? learned : fixed
      if (parameter.trainable) params += elements
      else buffers += elements
      const first = sources[0]
      // Of a tensor made of several, the elements are put down to the first.
      if (first) into.set(first.tensor, (into.get(first.tensor) ?? 0) + elements)
      else if (parameter.trainable) unnamed += elements
    }
  }
  const differences: ImportReport['parameters']['differences'] = []
  let floats = 0
  let constants = 0
  for (const [name, tensor] of parts.initializers) {
    const constant = translator.values.get(name)
    if (constant?.kind !== 'constant' || constant.element !== 'float') continue
    const elements = constant.sources[0]?.elements ?? 0
    floats += elements
    const counted = learned.get(name) ?? 0
    learned.delete(name)
    if (counted === elements) continue
    const buffered = fixed.get(name) ?? 0
    if (buffered === 0 && counted === 0) constants += elements
    differences.push({
      tensor: tensor.name,
      elements: elements - counted,
      why: reason(name, elements, counted, buffered, translator.fates),
    })
  }
  for (const [tensor, elements] of learned)
    differences.push({ tensor, elements: -elements, why: 'held by a Constant node, which a count of initializers leaves out' })
  if (unnamed > 0) differences.push({ tensor: '', elements: -unnamed, why: 'made at import from no tensor of the file' })
  differences.sort((a, b) => (a.tensor < b.tensor ? -1 : a.tensor > b.tensor ? 1 : 0))
  const listed = differences.slice(0, mostDifferences).map((each) => ({ ...each, tensor: short(each.tensor) }))
  const rest = differences.slice(mostDifferences)
  const elements = rest.reduce((sum, each) => sum + each.elements, 0)
  if (rest.length > 0) listed.push({ tensor: '…', elements, why: `${rest.length} tensors more` })
  return { params, buffers, constants, floatInitializerElements: floats, differences: listed }
}

function reason(name: string, elements: number, counted: number, buffered: number, fates: ReadonlyMap<string, string>): string {
  if (counted > elements) return 'weights of several layers, and counted for each, since these do not share all of their weights'
  if (counted > 0) return 'part of it is a weight; the rest is not used'
  if (buffered > 0) return 'running statistics or a fixed table: a buffer, no parameter'
  return fates.get(name) ?? 'read by no node that leads to an output'
}
