import { type TProperties, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { EngineError, type GraphProblem, ShapeError } from './errors.ts'
import { CountOverflow } from './exact.ts'
import { describeSchema, pointer, show } from './explain.ts'
import { type Graph, type GraphInput, type Layer, reference, referencedId, topologicalOrder } from './graph.ts'
import { defaultLimits, type Limits, maxProblems } from './limits.ts'
import { nearest } from './nearest.ts'
import type { AnyOp } from './op.ts'
import { findOp, ops } from './ops/index.ts'
import { numel, perImage, type Shape } from './shape.ts'

/** What a user may send; the API documents it with this schema, the verifier checks it layer by layer. */
const dimension = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const InputShape = Type.Array(dimension, { minItems: 1, maxItems: 7, description: 'One image, C×H×W.' })
export const GraphSpec = Type.Object({
  input: Type.Optional(Type.Object({ shape: InputShape }, { description: 'The one input, known as "input".' })),
  inputs: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), shape: InputShape }), { description: 'Where the network has several inputs.' }),
  ),
  layers: Type.Array(
    Type.Object(
      {
        id: Type.Optional(Type.String({ description: 'Default: the type in lower case and a number.' })),
        type: Type.String({ description: 'An op, e.g. Conv2d.' }),
        inputs: Type.Optional(
          Type.Array(Type.String(), { description: 'Ids of layers or inputs, "split:1" for a second output. Default: the layer above.' }),
        ),
      },
      { additionalProperties: true, description: 'The attributes of the op stand beside id, type and inputs.' },
    ),
  ),
  outputs: Type.Optional(Type.Array(Type.String(), { description: 'Default: the last layer.' })),
})

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/
const idRule = 'an id is 1 to 200 letters, digits, "_", ".", "/" or "-", and starts with a letter, a digit or "_"'

type Attributes = Record<string, unknown>
interface Draft {
  id: string
  index: number
  op: AnyOp | undefined
  attributes: Attributes | undefined
  inputs: string[]
}

const validators = new Map<AnyOp, Validator>()
function validatorOf(op: AnyOp): Validator {
  let validator = validators.get(op)
  if (!validator) validators.set(op, (validator = Compile(op.attributes)))
  return validator
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
class Problems {
  readonly list: GraphProblem[] = []
  count = 0
  add(path: string, layerId: string | null, message: string): void {
    this.count += 1
    if (this.list.length < maxProblems) this.list.push({ path, layerId, message })
  }
  /** @throws EngineError INVALID_GRAPH with every problem, where there are any. */
  check(): void {
    if (this.count === 0) return
    const more = this.count > this.list.length ? ` (the first ${this.list.length} are listed)` : ''
    throw new EngineError(
      'INVALID_GRAPH',
      `the graph has ${this.count} problem${this.count === 1 ? '' : 's'}${more}: ${this.list[0]!.message}`,
      this.list,
    )
  }
}

/**
 * Reads and verifies a graph as users write it. Every problem is reported at once: structure and attributes of each
 * layer first, then references, cycles and unused branches, then shapes (layers behind a bad one are left out).
 * @throws EngineError INVALID_GRAPH with a path, a layer and what would be right for each problem; LIMIT_EXCEEDED
 *   before any work that grows with the excess.
 */
export function verifyGraph(spec: unknown, limits: Limits = defaultLimits): Graph {
  const problems = new Problems()
  if (!isRecord(spec))
    throw new EngineError('INVALID_GRAPH', 'a graph is an object with input and layers', [
      { path: '', layerId: null, message: 'a graph is an object with input and layers' },
    ])
  const given = spec.layers
  if (!Array.isArray(given) || given.length === 0) {
    problems.add('/layers', null, 'layers must be a list of at least one layer')
    problems.check()
  }
  const raw = given as unknown[]
  if (raw.length > limits.maxLayers)
    throw new EngineError('LIMIT_EXCEEDED', `the graph has ${raw.length} layers, the limit is ${limits.maxLayers}`, [
      { path: '/layers', layerId: null, message: `at most ${limits.maxLayers} layers` },
    ])
  for (const key of Object.keys(spec))
    if (!['input', 'inputs', 'layers', 'outputs'].includes(key))
      problems.add(`/${pointer(key)}`, null, `unknown key "${key.slice(0, 60)}"${nearest(key, ['input', 'inputs', 'layers', 'outputs'])}`)

  const ids = new Map<string, string>()
  const inputs = readInputs(spec, ids, problems)
  const drafts = readLayers(raw, inputs, ids, problems)
  const outputs = readOutputs(spec.outputs, drafts, problems)
  resolveInputs(drafts, inputs, ids, problems)
  const { order } = topologicalOrder(drafts, outputs)
  const { cycle } = topologicalOrder(drafts, [...outputs, ...drafts.map((draft) => draft.id)])
  if (cycle) {
    const first = drafts.find((draft) => draft.id === cycle[0])
    problems.add(
      `/layers/${first?.index ?? 0}/inputs`,
      cycle[0] ?? null,
      `the layers form a cycle: ${cycle.slice(0, 20).join(' → ')}; a layer can only read layers that do not need it`,
    )
  } else if (problems.count === 0) {
    reportUnused(drafts, order, inputs, problems)
  }
  const shapes = cycle ? new Map<string, Shape>() : checkShapes(order, inputs, limits, problems)
  checkOutputs(outputs, shapes, inputs, drafts, problems)
  problems.check()
  const layers: Layer[] = order.map(({ id, op, inputs: from, attributes }) => ({
    id,
    type: op!.type,
    inputs: from,
    attributes: attributes!,
  }))
  return { inputs, layers, outputs }
}

function readShape(value: unknown, path: string, id: string, problems: Problems): number[] | undefined {
  const good =
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= 7 &&
    value.every((size) => Number.isInteger(size) && size >= 1 && size < 2 ** 31)
  if (good) return value as number[]
  problems.add(
    path,
    id,
    `the shape of an input is 1 to 7 positive integers, C×H×W for an image such as [3, 224, 224], but is ${show(value)}`,
  )
  return undefined
}

function claim(id: string, path: string, ids: Map<string, string>, problems: Problems): void {
  const taken = ids.get(id)
  if (taken !== undefined) problems.add(path, id, `id "${id}" is taken by ${taken}: give each input and layer its own`)
  else ids.set(id, path.replace(/\/id$/, ''))
}

function readInputs(spec: Record<string, unknown>, ids: Map<string, string>, problems: Problems): GraphInput[] {
  const inputs: GraphInput[] = []
  if (spec.input !== undefined && spec.inputs !== undefined)
    problems.add('/inputs', null, 'write input (one) or inputs (several), not both')
  const list = spec.input !== undefined ? [spec.input] : (spec.inputs ?? [])
  if (!Array.isArray(list) || list.length > 64) {
    problems.add('/inputs', null, 'inputs must be a list of at most 64 {id, shape}')
    return inputs
  }
  list.forEach((entry, i) => {
    const path = spec.input !== undefined ? '/input' : `/inputs/${i}`
    if (!isRecord(entry)) return problems.add(path, null, 'an input is an object {shape: [3, 224, 224]}')
    const id = entry.id ?? (list.length === 1 ? 'input' : undefined)
    if (typeof id !== 'string' || !idPattern.test(id)) return problems.add(`${path}/id`, null, `${idRule}; this one is ${show(id)}`)
    for (const key of Object.keys(entry))
      if (key !== 'id' && key !== 'shape')
        problems.add(`${path}/${pointer(key)}`, id, `unknown key "${key.slice(0, 60)}"${nearest(key, ['id', 'shape'])}`)
    claim(id, `${path}/id`, ids, problems)
    const shape = readShape(entry.shape, `${path}/shape`, id, problems)
    inputs.push({ id, shape: shape ?? [1] })
  })
  return inputs
}

function readLayers(raw: unknown[], inputs: GraphInput[], ids: Map<string, string>, problems: Problems): Draft[] {
  const drafts: Draft[] = []
  const counts = new Map<string, number>()
  const given = new Set(raw.map((entry) => (isRecord(entry) ? entry.id : undefined)))
  let above: string | undefined = inputs.length === 1 ? inputs[0]!.id : undefined
  raw.forEach((entry, index) => {
    const path = `/layers/${index}`
    if (!isRecord(entry)) return problems.add(path, null, 'a layer is an object {type, …}')
    const type = typeof entry.type === 'string' ? entry.type : undefined
    const op = type === undefined ? undefined : findOp(type)
    const autoId = () => {
      const stem = (op?.type ?? 'layer').toLowerCase()
      let id: string
      do {
        const n = (counts.get(stem) ?? 0) + 1
        counts.set(stem, n)
        id = `${stem}_${n}`
      } while (given.has(id) || ids.has(id))
      return id
    }
    let id: string
    if (entry.id === undefined) id = autoId()
    else if (typeof entry.id === 'string' && idPattern.test(entry.id)) id = entry.id
    else {
      problems.add(`${path}/id`, null, `${idRule}; this one is ${show(entry.id)}`)
      id = autoId()
    }
    claim(id, `${path}/id`, ids, problems)
    if (!op)
      problems.add(
        `${path}/type`,
        id,
        type === undefined
          ? 'type is missing: name an op, e.g. "Conv2d"'
          : `unknown op "${type.slice(0, 60)}"${nearest(
              type,
              ops.map((each) => each.type),
            )}`,
      )
    const attributes = op ? readAttributes(entry, op, path, id, problems) : undefined
    if (op?.source) {
      const shape = (attributes?.shape as number[] | undefined) ?? [1]
      inputs.push({ id, shape })
      above = id
      return
    }
    let from: string[] = []
    if (entry.inputs === undefined) {
      if (above !== undefined) from = [above]
      else
        problems.add(
          `${path}/inputs`,
          id,
          index === 0
            ? 'there is nothing above the first layer: give the graph an input {"shape": [3, 224, 224]}, or name this layer’s inputs'
            : 'name this layer’s inputs',
        )
    } else if (Array.isArray(entry.inputs) && entry.inputs.length <= 10_000 && entry.inputs.every((name) => typeof name === 'string'))
      from = entry.inputs as string[]
    else problems.add(`${path}/inputs`, id, 'inputs is a list of ids, such as ["conv1"]')
    if (op && from.length > 0 && (from.length < op.arity.min || from.length > op.arity.max)) {
      const wanted = op.arity.min === op.arity.max ? `${op.arity.min}` : `${op.arity.min} to ${op.arity.max}`
      problems.add(`${path}/inputs`, id, `${op.type} takes ${wanted} input${wanted === '1' ? '' : 's'}, but has ${from.length}`)
    } else if (op && from.length === 0 && entry.inputs !== undefined && op.arity.min > 0)
      problems.add(`${path}/inputs`, id, `${op.type} takes at least ${op.arity.min} input${op.arity.min === 1 ? '' : 's'}`)
    drafts.push({ id, index, op, attributes, inputs: from })
    above = id
  })
  return drafts
}

function readAttributes(entry: Record<string, unknown>, op: AnyOp, path: string, id: string, problems: Problems): Attributes | undefined {
  const known = op.attributes.properties as TProperties
  const given: Attributes = {}
  const before = problems.count
  for (const [key, value] of Object.entries(entry)) {
    if (key === 'id' || key === 'type' || key === 'inputs') continue
    if (Object.hasOwn(known, key)) given[key] = value
    else {
      const names = Object.keys(known)
      const hint = names.length === 0 ? `: ${op.type} takes none` : nearest(key, names)
      problems.add(`${path}/${pointer(key)}`, id, `${op.type} has no attribute "${key.slice(0, 60)}"${hint}`)
    }
  }
  const validator = validatorOf(op)
  if (!validator.Check(given)) {
    const required = new Set((op.attributes.required as string[] | undefined) ?? [])
    for (const name of Object.keys(known)) {
      const schema = known[name]!
      if (!Object.hasOwn(given, name)) {
        if (required.has(name)) problems.add(`${path}/${name}`, id, `${op.type} needs ${name}: ${describeSchema(schema)}`)
      } else if (!attributeValid(op, name, given[name]))
        problems.add(`${path}/${name}`, id, `${name} is ${show(given[name])}, but must be ${describeSchema(schema)}`)
    }
    if (problems.count === before) problems.add(path, id, `the attributes of ${op.type} do not fit its schema`)
  }
  return problems.count === before ? (op.canonical(given as never) as Attributes) : undefined
}

const attributeValidators = new Map<string, Validator>()
function attributeValid(op: AnyOp, name: string, value: unknown): boolean {
  const key = `${op.type}.${name}`
  let validator = attributeValidators.get(key)
  if (!validator) attributeValidators.set(key, (validator = Compile((op.attributes.properties as TProperties)[name]!)))
  return validator.Check(value)
}

function readOutputs(given: unknown, drafts: Draft[], problems: Problems): string[] {
  if (given === undefined) return drafts.length > 0 ? [drafts[drafts.length - 1]!.id] : []
  if (!Array.isArray(given) || given.length === 0 || given.length > 1000 || !given.every((name) => typeof name === 'string')) {
    problems.add('/outputs', null, 'outputs is a list of layer ids, such as ["fc8"]')
    return []
  }
  return given as string[]
}

/** Reference as given → canonical spelling, or undefined where it names nothing. */
function resolve(name: string, ids: Map<string, string>): string | undefined {
  if (ids.has(name)) return name
  const match = /^(.*):(\d{1,4})$/.exec(name)
  if (match && ids.has(match[1]!)) return reference(match[1]!, Number(match[2]))
  return undefined
}

function resolveInputs(drafts: Draft[], inputs: GraphInput[], ids: Map<string, string>, problems: Problems): void {
  const names = [...inputs, ...drafts].slice(0, 2000).map(({ id }) => id)
  for (const draft of drafts) {
    draft.inputs = draft.inputs.flatMap((name, i) => {
      const resolved = resolve(name, ids)
      if (resolved !== undefined) return [resolved]
      // Suggestions cost a comparison per layer: give them to the first problems only.
      const hint = problems.count < 50 ? nearest(name, names) : ''
      problems.add(`/layers/${draft.index}/inputs/${i}`, draft.id, `there is no layer or input "${name.slice(0, 60)}"${hint}`)
      return []
    })
  }
}

function reportUnused(drafts: Draft[], order: Draft[], inputs: GraphInput[], problems: Problems): void {
  const used = new Set(order.map((draft) => draft.id))
  for (const draft of drafts) {
    if (used.has(draft.id)) for (const name of draft.inputs) used.add(referencedId(name))
    else problems.add(`/layers/${draft.index}`, draft.id, `layer ${draft.id} leads to no output: remove it, or add it to outputs`)
  }
  for (const input of inputs) if (!used.has(input.id)) problems.add('/inputs', input.id, `no layer reads input ${input.id}: remove it`)
}

function checkShapes(order: Draft[], inputs: GraphInput[], limits: Limits, problems: Problems): Map<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const input of inputs) shapes.set(input.id, [1, ...input.shape])
  for (const { id, index, op, attributes, inputs: from } of order) {
    const path = `/layers/${index}`
    const known = from.map((name) => shapes.get(name))
    const missing = from.findIndex((name, i) => known[i] === undefined && shapes.has(referencedId(name)))
    if (missing >= 0) {
      problems.add(
        `${path}/inputs/${missing}`,
        id,
        `"${from[missing]}" asks for an output that layer ${referencedId(from[missing]!)} does not have`,
      )
      continue
    }
    if (!op || !attributes || from.length < op.arity.min || from.length > op.arity.max || known.some((shape) => shape === undefined))
      continue
    try {
      const tensors = known as Shape[]
      const outputs = op.shape(tensors, attributes)
      const parameters = (op.parameters?.(tensors, attributes) ?? []).map((parameter) => parameter.shape)
      for (const shape of [...outputs, ...parameters])
        if (numel(shape) > limits.maxElements)
          problems.add(path, id, `a tensor of layer ${id} has ${numel(shape)} elements, the limit is ${limits.maxElements}`)
      outputs.forEach((shape, i) => shapes.set(reference(id, i), shape))
    } catch (cause) {
      if (cause instanceof ShapeError) {
        const feeding =
          known.length > 0
            ? ` (input ${from
                .slice(0, 4)
                .map((name, i) => `${name}: ${perImage(known[i] as Shape)}`)
                .join(', ')})`
            : ''
        problems.add(cause.attribute ? `${path}/${cause.attribute}` : path, id, `${cause.message}${feeding}`)
      } else if (cause instanceof CountOverflow) problems.add(path, id, `layer ${id}: ${cause.message}`)
      else throw cause
    }
  }
  return shapes
}

function checkOutputs(outputs: string[], shapes: Map<string, Shape>, inputs: GraphInput[], drafts: Draft[], problems: Problems): void {
  const layers = new Set(drafts.map((draft) => draft.id))
  const seen = new Set<string>()
  outputs.forEach((name, i) => {
    const id = referencedId(name)
    if (inputs.some((input) => input.id === name)) problems.add(`/outputs/${i}`, name, `output "${name}" is an input: name a layer`)
    else if (!layers.has(name) && !layers.has(id))
      problems.add(
        `/outputs/${i}`,
        null,
        `there is no layer "${name.slice(0, 60)}" to be an output${nearest(name, [...layers].slice(0, 2000))}`,
      )
    else if (shapes.has(id) && !shapes.has(name))
      problems.add(`/outputs/${i}`, id, `"${name}" asks for an output that layer ${id} does not have`)
    if (seen.has(name)) problems.add(`/outputs/${i}`, id, `output "${name}" is listed twice`)
    seen.add(name)
  })
}
