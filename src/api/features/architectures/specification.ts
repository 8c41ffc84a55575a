import { computeCosts, uncountedOperators } from '../../../engine/cost.ts'
import { EngineError } from '../../../engine/errors.ts'
import { importKeras, importTfjsLayers } from '../../../engine/formats/keras/index.ts'
import type { ImportReport, OpenSizes } from '../../../engine/formats/onnx-import/index.ts'
import { type Graph, graphToJson } from '../../../engine/graph.ts'
import type { Limits } from '../../../engine/limits.ts'
import { schemaViolations } from '../../../engine/schema-violations.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import { expandZoo } from '../../../engine/zoo/index.ts'
import { type Packed, pack, unpack } from '../../../store/packed.ts'
import { canonicalHash } from '../../canonical.ts'
import { ApiError, invalidRequest, type Violation } from '../../errors.ts'
import { Envelope, graphKeys, modelKeys } from './new-architecture.ts'

/**
 * Reads the JSON that a client wants registered. Pure functions, run in the processes of `pool/`, where neither a large
 * nor a hostile specification can hold up the service.
 */

/** What was sent: a graph in JSON, a reference to the zoo with every option written out, or a model of another tool. */
export type ArchitectureSource =
  | { kind: 'json' }
  | { kind: 'zoo'; family: string; options: Record<string, unknown>; preset?: string }
  | { kind: 'keras' | 'tfjs' }
  | { kind: 'onnx'; report: ImportReport; sizes?: OpenSizes; file: KeptFile | null }
  | RewriteSource

/** What a recipe made of another architecture. */
export interface RewriteSource {
  kind: 'rewrite'
  parent: { id: string; digest: string; name: string }
  /** Options written out. */
  recipe: { rewrite: string; options: Record<string, unknown>; layers?: string[] }[]
  /** Elements of parameters and running statistics, by where their numbers come from. */
  weights: { kept: number; derived: number; new: number }
  /** Of the file with its weights; null where the parent has none. */
  report: ImportReport | null
  file: KeptFile | null
}

/** A model that is kept, and the files beside it, by the names that it has for them. */
export interface KeptFile {
  digest: string
  bytes: number
  data?: { location: string; digest: string; bytes: number }[]
}

export interface ReadArchitecture {
  name: string
  source: ArchitectureSource
  /** The verified `Graph`, packed here, since it may be large. */
  graph: Packed
  /** `sha256:` and 64 hexadecimal digits, of the canonical graph: the name is no part of it. */
  digest: string
  layerCount: number
  params: number
  macs: number
  partial: boolean
  uncounted: { operator: string; layers: number }[]
}

const importers = { keras: importKeras, tfjs: importTfjsLayers }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ApiError('MALFORMED_JSON', `the body must be JSON in UTF-8: ${(cause as Error).message.slice(0, 200)}`)
  }
}

type Form = 'graph' | 'zoo' | (typeof modelKeys)[number]

/** Which of the forms a body takes. Adds a violation where it takes none or several. */
function formOf(body: Record<string, unknown>, violations: Violation[]): Form | null {
  const graph = graphKeys.filter((key) => body[key] !== undefined)
  const references = (['zoo', ...modelKeys] as const).filter((key) => body[key] !== undefined)
  if (references.length > 1 || (references.length === 1 && graph.length > 0)) {
    const [first, ...others] = [...references, ...graph]
    violations.push({ path: `/${first}`, message: `write ${first}, or ${others.join(', ')}: one network is registered at a time` })
    return null
  }
  const model = modelKeys.find((key) => body[key] !== undefined)
  if (body.inputShape !== undefined && model === undefined)
    violations.push({
      path: '/inputShape',
      message:
        'inputShape stands beside keras or tfjs, or with an ONNX file; a graph has input, a network of the zoo the option resolution',
    })
  if (model !== undefined) return model
  if (body.zoo !== undefined) {
    if (isRecord(body.zoo) && (body.zoo.family === undefined) === (body.zoo.preset === undefined))
      violations.push({ path: '/zoo', message: 'zoo takes a family with options, or a preset: write one of family and preset' })
    return 'zoo'
  }
  if (body.layers !== undefined) return 'graph'
  violations.push({ path: '', message: 'what is the network? Write layers (with input), zoo, keras or tfjs' })
  return null
}

/** A zoo reference in full: where it came from, and the graph it stands for, as a user would have written it. */
function expand(zoo: Record<string, unknown>): { source: ArchitectureSource; spec: unknown } {
  const { family, options, spec } = under('zoo', () => expandZoo(zoo as Parameters<typeof expandZoo>[0]))
  const preset = zoo.preset === undefined ? {} : { preset: zoo.preset as string }
  return { source: { kind: 'zoo', family, options: options as Record<string, unknown>, ...preset }, spec }
}

/** What `work` throws, with paths into the body, where what it reads stands under `key`. */
function under<T>(key: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause
    const errors = cause.errors.map((error) => ({ ...error, path: `/${key}${error.path}` }))
    throw new EngineError(cause.code, cause.message, errors)
  }
}

/** The graph of a body, and where it came from. @throws EngineError with paths into the body. */
function graphOf(body: Record<string, unknown>, form: Form, limits: Limits): { source: ArchitectureSource; graph: Graph } {
  if (form === 'keras' || form === 'tfjs') {
    const { inputShape } = body as { inputShape?: number[] }
    const options = { limits, ...(inputShape ? { inputShape } : {}) }
    return { source: { kind: form }, graph: under(form, () => importers[form](body[form], options)) }
  }
  const { source, spec } =
    form === 'zoo'
      ? expand(body.zoo as Record<string, unknown>)
      : {
          source: { kind: 'json' } as const,
          spec: Object.fromEntries(graphKeys.filter((key) => body[key] !== undefined).map((key) => [key, body[key]])),
        }
  return { source, graph: verifyGraph(spec, limits) }
}

/**
 * Reads what a client sent to be registered: JSON, its top level, the zoo's expansion or another tool's model, the
 * graph, its counts.
 * @throws ApiError MALFORMED_JSON, INVALID_REQUEST; EngineError as `verifyGraph`, `expandZoo`, `importKeras` and
 *   `computeCosts` do.
 */
export function readArchitecture({ bytes, limits }: { bytes: Uint8Array; limits: Limits }): ReadArchitecture {
  const body = parse(bytes)
  if (!isRecord(body))
    throw invalidRequest('request', [{ path: '', message: 'a new architecture is an object: a name, and layers, zoo, keras or tfjs' }])
  const violations: Violation[] = schemaViolations(Envelope, body)
  const form = formOf(body, violations)
  if (form === null || (form !== 'graph' && violations.length > 0)) throw invalidRequest('request', violations)
  let read: ReturnType<typeof graphOf>
  try {
    read = graphOf(body, form, limits)
  } catch (cause) {
    // A wrong name beside a wrong graph: the client hears of both.
    if (violations.length > 0 && cause instanceof EngineError) throw invalidRequest('request', [...violations, ...cause.errors])
    throw cause
  }
  if (violations.length > 0) throw invalidRequest('request', violations)
  const { source, graph } = read
  return {
    name: body.name as string,
    source,
    graph: pack(graph),
    digest: digestOf(graph),
    ...countsOf(graph),
  }
}

/** What is kept of a graph's figures, for one image. @throws EngineError as `computeCosts` does. */
export function countsOf(graph: Graph): Pick<ReadArchitecture, 'layerCount' | 'params' | 'macs' | 'partial' | 'uncounted'> {
  const { totals, uncounted } = computeCosts(graph)
  const { layers: layerCount, params, macs, partial } = totals
  return { layerCount, params, macs, partial, uncounted: uncountedOperators(uncounted) }
}

/** Content digest of a graph, so that it depends on what the graph says and not on how it was written down. */
export const digestOf = (graph: Graph): string => `sha256:${canonicalHash(graphToJson(graph))}`

/** A stored graph in the form it is registered in, as bytes to send. */
export const writeGraph = ({ graph }: { graph: Packed }): Uint8Array => Buffer.from(JSON.stringify(graphToJson(unpack(graph) as Graph)))
