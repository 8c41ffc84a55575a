import { type Static, Type } from 'typebox'
import { uncountedOperators } from '../../cost.ts'
import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import { opOf } from '../../ops/index.ts'
import type { ExternalFiles, NamedFile } from './external.ts'
import { quote } from './fault.ts'
import { undecidedNote } from './learning.ts'
import type { FileModel, FileNode, Parts } from './model.ts'
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
  externalData: Type.Array(Type.String(), { description: 'Files beside the model that it names for its numbers.' }),
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
  files: ExternalFiles
  /** Files beside the model that it names. */
  beside: readonly NamedFile[]
}

/** External paths listed at most; a file has one or as many as tensors. */
const mostPaths = 100
const mostOperators = 1000
const mostDifferences = 1000

/** A name out of the file, in a length that a report can have. */
const short = (name: string): string => (name.length > 500 ? `${name.slice(0, 499)}…` : name)

/** What an import says of its file: `ImportReport` has each part. */
export function reportOf(findings: Findings): ImportReport {
  const { model, all, nodes, parts, translated } = findings
  const operators = new Map<string, number>()
  for (const { domain, opType } of all) {
    const name = short(domain === '' ? opType : `${domain}.${opType}`)
    operators.set(name, (operators.get(name) ?? 0) + 1)
    if (operators.size > mostOperators)
      throw new EngineError('LIMIT_EXCEEDED', `the file has more than ${mostOperators} different operators, which is the limit`)
  }
  const external = findings.beside.map(({ location }) => location)
  const missing = external.filter((location) => !findings.files(location))
  const notes = [...findings.notes, ...translated.translator.notes]
  const undecided = undecidedNote(translated.translator.learning)
  if (undecided) notes.push(undecided)
  const uncounted = uncountedNote(findings.graph)
  if (uncounted) notes.push(uncounted)
  if (nodes.length < all.length) notes.push(`${all.length - nodes.length} nodes lead to no output and are left out.`)
  if (missing.length > 0)
    notes.push(
      `Numbers are stored outside of the model (${missing.slice(0, 3).map(quote).join(', ')}${missing.length > 3 ? ', …' : ''}), in files that were not sent: costs need shapes alone, runs take seeded weights. Send the model with these files beside it, in a form with the fields name, file and data.${missing.some(climbs) ? ' A path leads out of the file’s folder; another tool that follows it reads what it should not.' : ''}`,
    )
  return {
    producer: short(model.producer),
    irVersion: model.irVersion,
    opset: { ...model.opset },
    nodes: all.length,
    operators: Object.fromEntries([...operators].sort(([a], [b]) => (a < b ? -1 : 1))),
    folded: translated.translator.folded,
    weights: payloads(findings, missing.length > 0),
    externalData: external.slice(0, mostPaths).map(short),
    batch: parts.batch,
    parameters: accounted(findings),
    notes,
  }
}

/** A sentence on the operators that cannot be counted, or null where every one can. */
function uncountedNote(graph: Graph): string | null {
  const layers = graph.layers.flatMap(({ id, type, attributes }) => {
    const op = opOf(type)
    return op.named && !('quantities' in attributes)
      ? [{ id, type: op.named(attributes), reason: '', without: op.withoutMacs?.(attributes) ?? false }]
      : []
  })
  if (layers.length === 0) return null
  const operators = uncountedOperators(layers)
  const named = operators.slice(0, 10).map(({ operator, layers: count }) => `${operator} ×${count}`)
  const more = operators.length > 10 ? ` and ${operators.length - 10} operators more` : ''
  const partial = layers.every(({ without }) => without) ? 'they have no multiply-adds' : 'multiply-adds and flops are of the rest'
  return `Not counted: ${named.join(', ')}${more}; ${partial}.`
}

const climbs = (path: string): boolean =>
  path.startsWith('/') || path.startsWith('\\') || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes('..')

/** @param lacking something that the file names did not come: it then runs with all that it names, or not at all. */
function payloads({ translated }: Findings, lacking: boolean): ImportReport['weights'] {
  let held = 0
  let absent = 0
  for (const { slots } of translated.translator.layers) {
    if (slots.size === 0) continue
    for (const { constant } of slots.values()) {
      if (constant.blank || constant.absent) absent++
      else held++
    }
  }
  if (absent > 0) return held === 0 ? 'none' : 'some'
  return lacking ? 'some' : 'all'
}

/** Where every element of a float initializer went: params + differences = all of them, exactly. */
function accounted({ parts, translated }: Findings): ImportReport['parameters'] {
  const { translator } = translated
  const { params, buffers, fixed } = translator.account
  const learned = new Map(translator.account.learned)
  const differences: ImportReport['parameters']['differences'] = []
  let floats = 0
  let constants = 0
  for (const { name } of parts.graph.initializer) {
    const constant = translator.values.get(name)
    if (constant?.kind !== 'constant' || constant.element !== 'float') continue
    const source = constant.sources[0]
    const elements = source?.elements ?? 0
    floats += elements
    const counted = learned.get(name) ?? 0
    learned.delete(name)
    if (counted === elements) continue
    const buffered = fixed.get(name) ?? 0
    if (buffered === 0 && counted === 0) constants += elements
    const table = source && buffered > 0 ? translator.learning.fixed(source) : null
    const part = counted > 0 && counted < elements ? 'zeros that fill up a block of channels' : null
    differences.push({ tensor: name, elements: elements - counted, why: table ?? part ?? reason(name, buffered, translator.fates) })
  }
  let listedSoFar = params
  for (const [tensor, elements] of learned)
    differences.push({
      tensor,
      elements: -elements,
      why: parts.initializers.has(tensor)
        ? 'kept as whole numbers, which a count of float initializers leaves out'
        : 'held by a Constant node, which a count of initializers leaves out',
    })
  for (const { elements } of differences) listedSoFar += elements
  const unnamed = listedSoFar - floats
  if (unnamed > 0) differences.push({ tensor: '', elements: -unnamed, why: 'made at import from no tensor of the file' })
  differences.sort((a, b) => (a.tensor < b.tensor ? -1 : a.tensor > b.tensor ? 1 : 0))
  const listed = differences.slice(0, mostDifferences).map((each) => ({ ...each, tensor: short(each.tensor) }))
  const rest = differences.slice(mostDifferences)
  const elements = rest.reduce((sum, each) => sum + each.elements, 0)
  if (rest.length > 0) listed.push({ tensor: '…', elements, why: `${rest.length} tensors more` })
  return { params, buffers, constants, floatInitializerElements: floats, differences: listed }
}

function reason(name: string, buffered: number, fates: ReadonlyMap<string, string>): string {
  if (buffered > 0) return 'running statistics: a buffer, no parameter'
  return fates.get(name) ?? 'read by no node that leads to an output'
}
