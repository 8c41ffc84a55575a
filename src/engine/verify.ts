import { EngineError, ShapeError } from './errors.ts'
import { CountOverflow } from './exact.ts'
import { type Graph, type GraphInput, type Layer, reference, referencedId, topologicalOrder } from './graph.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type Draft, isRecord, type Reading, readSpec } from './read-spec.ts'
import { numel, perImage, type Shape } from './shape.ts'
import { checkCounts, checkSharing } from './shared-weights.ts'
import { Violations } from './violations.ts'

export { GraphSpec } from './graph-spec.ts'

/** Names that a misspelt reference is compared with. */
const maxCandidates = 1000

/**
 * Reads and verifies a graph as users write it. Every violation is reported at once: structure and attributes of each
 * layer first, then references, cycles and unused branches, then shapes (layers behind a bad one are left out). Time is
 * linear in the size of the specification, whatever it holds.
 * @throws EngineError INVALID_GRAPH with a path, a layer and what would be right for each violation; LIMIT_EXCEEDED
 *   before any work that grows with the excess.
 */
export function verifyGraph(spec: unknown, limits: Limits = defaultLimits): Graph {
  const violations = new Violations()
  const given = isRecord(spec) ? spec.layers : undefined
  if (!isRecord(spec)) violations.add('', null, 'a graph is an object with input and layers')
  else if (!Array.isArray(given) || given.length === 0) violations.add('/layers', null, 'layers must be a list of at least one layer')
  violations.check()
  const raw = given as unknown[]
  checkLayerCount(raw.length, limits)
  return verifyReading(readSpec(spec as Record<string, unknown>, raw, violations), limits, violations)
}

/** @throws EngineError LIMIT_EXCEEDED where there are more layers than the limit. */
export function checkLayerCount(layers: number, limits: Limits): void {
  if (layers > limits.maxLayers)
    throw new EngineError('LIMIT_EXCEEDED', `the graph has ${layers} layers, the limit is ${limits.maxLayers}`, [
      { path: '/layers', layerId: null, message: `at most ${limits.maxLayers} layers` },
    ])
}

/**
 * Verifies what was read of a graph: references, cycles, unused branches, shapes, shared weights.
 * @param violations those of its structure and attributes; more are added.
 * @throws EngineError as `verifyGraph`.
 */
export function verifyReading(reading: Reading, limits: Limits, violations: Violations): Graph {
  resolveInputs(reading, violations)
  const { inputs } = reading
  const drafts = reading.drafts.filter((draft) => !draft.duplicate)
  const outputs = resolveOutputs(reading, violations)
  const { order, cycle: ahead } = topologicalOrder(drafts, outputs)
  const aside =
    !ahead && order.length < drafts.length
      ? topologicalOrder(
          drafts,
          drafts.map((draft) => draft.id),
        )
      : undefined
  const cycle = ahead ?? aside?.cycle
  if (cycle) reportCycle(cycle, drafts, violations)
  else if (!violations.unlinked) reportUnused(drafts, order, inputs, violations)
  const shapes = cycle ? new Map<string, Shape>() : checkShapes(order, inputs, limits, violations)
  checkSharing(drafts, shapes, violations)
  checkCounts(drafts, shapes, limits, violations)
  checkOutputs(outputs, shapes, violations)
  violations.check()
  const layers = order.map(({ id, op, inputs: from, attributes, weightsOf, params, dtypes }): Layer => {
    const layer: Layer = { id, type: op!.type, inputs: from, attributes: attributes! }
    if (weightsOf !== undefined) layer.weightsOf = weightsOf
    if (params !== undefined) layer.params = params
    if (dtypes !== undefined) layer.dtypes = dtypes
    return layer
  })
  return { inputs, layers, outputs, ...(reading.fixedBatch === undefined ? {} : { fixedBatch: reading.fixedBatch }) }
}

/** Reference as given → canonical spelling, or undefined where it names nothing. */
function resolve(name: string, ids: ReadonlyMap<string, string>): string | undefined {
  if (ids.has(name)) return name
  const colon = name.lastIndexOf(':')
  const output = name.slice(colon + 1)
  if (colon < 0 || !/^\d{1,4}$/.test(output) || !ids.has(name.slice(0, colon))) return undefined
  return reference(name.slice(0, colon), Number(output))
}

const candidates = (ids: ReadonlyMap<string, string>): string[] => [...ids.keys()].slice(0, maxCandidates)

function resolveInputs({ drafts, ids }: Reading, violations: Violations): void {
  const names = candidates(ids)
  for (const draft of drafts) {
    const { inputs } = draft
    // Most name a layer as it is called. A copy: the list is the user's.
    if (inputs.every((name) => ids.has(name))) {
      draft.inputs = inputs.slice()
      continue
    }
    const resolved: string[] = []
    for (let i = 0; i < inputs.length; i++) {
      const name = inputs[i] as string
      const found = resolve(name, ids)
      if (found !== undefined) resolved.push(found)
      else
        violations.addLink(
          `/layers/${draft.index}/inputs/${i}`,
          draft.id,
          `there is no layer or input "${name.slice(0, 60)}"${violations.hint(name, names)}`,
        )
    }
    draft.inputs = resolved
  }
}

/** The outputs in canonical spelling; what is no layer, and what is listed twice, is reported and left out. */
function resolveOutputs({ outputs, inputs, ids }: Reading, violations: Violations): string[] {
  const sources = new Set(inputs.map((input) => input.id))
  const names = candidates(ids)
  const resolved = new Set<string>()
  outputs.forEach((name, i) => {
    const path = `/outputs/${i}`
    const found = resolve(name, ids)
    if (found === undefined)
      violations.addLink(path, null, `there is no layer "${name.slice(0, 60)}" to be an output${violations.hint(name, names)}`)
    else if (sources.has(referencedId(found))) violations.addLink(path, found, `output "${name}" is an input: name a layer`)
    else if (resolved.has(found)) violations.add(path, referencedId(found), `output "${name}" is listed twice`)
    else resolved.add(found)
  })
  return [...resolved]
}

function reportCycle(cycle: readonly string[], drafts: readonly Draft[], violations: Violations): void {
  const first = drafts.find((draft) => draft.id === cycle[0])
  const path = cycle.length > 20 ? [...cycle.slice(0, 19), '…', cycle[cycle.length - 1]] : cycle
  violations.addLink(
    `/layers/${first?.index ?? 0}/inputs`,
    cycle[0] ?? null,
    `the layers form a cycle: ${path.join(' → ')}; a layer can only read layers that do not need it`,
  )
}

function reportUnused(drafts: readonly Draft[], order: readonly Draft[], inputs: readonly GraphInput[], violations: Violations): void {
  if (order.length < drafts.length) {
    const used = new Set(order)
    for (const draft of drafts)
      if (!used.has(draft))
        violations.add(`/layers/${draft.index}`, draft.id, `layer ${draft.id} leads to no output: remove it, or add it to outputs`)
  }
  const unread = new Set(inputs.map((input) => input.id))
  for (const { inputs: from } of order) for (const name of from) unread.delete(referencedId(name))
  for (const id of unread) violations.add('/inputs', id, `no layer that leads to an output reads input ${id}: remove it`)
}

/**
 * Shapes of every tensor that can be known, by reference.
 * @throws EngineError LIMIT_EXCEEDED where layers have more outputs together than the limit.
 */
function checkShapes(order: readonly Draft[], inputs: readonly GraphInput[], limits: Limits, violations: Violations): Map<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const input of inputs) shapes.set(input.id, [1, ...input.shape])
  for (const draft of order) {
    const { id, op, attributes, inputs: from } = draft
    const known = new Array<Shape>(from.length)
    let unknown: string | undefined
    for (let i = 0; i < from.length; i++) {
      const name = from[i] as string
      const shape = shapes.get(name)
      if (shape) known[i] = shape
      else unknown ??= name
    }
    if (unknown !== undefined) {
      const owner = referencedId(unknown)
      if (shapes.has(owner))
        violations.add(
          `/layers/${draft.index}/inputs/${from.indexOf(unknown)}`,
          id,
          `"${unknown}" asks for an output that ${owner} does not have`,
        )
      continue
    }
    if (!op || !attributes || from.length < op.arity.min || from.length > op.arity.max) continue
    const outputs = shapesOf(draft, known, limits, violations)
    for (let i = 0; i < outputs.length; i++) shapes.set(reference(id, i), outputs[i] as Shape)
    if (shapes.size > limits.maxTensors)
      throw new EngineError('LIMIT_EXCEEDED', `the layers have more than ${limits.maxTensors} outputs together, the limit`, [
        { path: `/layers/${draft.index}`, layerId: id, message: `at most ${limits.maxTensors} outputs of all layers together` },
      ])
  }
  return shapes
}

/** Output shapes of one layer; none where its shape rule or a limit refuses it, which is reported. */
function shapesOf(
  { id, index, op, attributes, inputs: from, made }: Draft,
  known: readonly Shape[],
  limits: Limits,
  violations: Violations,
): readonly Shape[] {
  const path = `/layers/${index}`
  try {
    const outputs = made?.outputs ?? op!.shape(known, attributes!)
    const small = (shape: Shape): boolean => {
      const elements = numel(shape)
      if (elements <= limits.maxElements) return true
      violations.add(path, id, `a tensor of layer ${id} has ${elements} elements, the limit is ${limits.maxElements}`)
      return false
    }
    if (!outputs.every(small)) return []
    const parameters = made?.parameters ?? op!.parameters?.(known, attributes!) ?? []
    return parameters.every((parameter) => small(parameter.shape)) ? outputs : []
  } catch (cause) {
    if (cause instanceof ShapeError) {
      const feeding = from.slice(0, 4).map((name, i) => `${name}: ${perImage(known[i] as Shape)}`)
      violations.add(cause.attribute ? `${path}/${cause.attribute}` : path, id, `${cause.message} (input ${feeding.join(', ')})`)
    } else if (cause instanceof CountOverflow) violations.add(path, id, `layer ${id}: ${cause.message}`)
    else throw cause
    return []
  }
}

function checkOutputs(outputs: readonly string[], shapes: ReadonlyMap<string, Shape>, violations: Violations): void {
  outputs.forEach((name, i) => {
    const id = referencedId(name)
    if (shapes.has(id) && !shapes.has(name))
      violations.add(`/outputs/${i}`, id, `"${name}" asks for an output that layer ${id} does not have`)
  })
}
