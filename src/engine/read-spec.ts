import { Compile, type Validator } from 'typebox/compile'
import { type FileDtype, fileDtypes, type LayerDtypes } from './dtypes.ts'
import type { GraphInput } from './graph.ts'
import { LayerDtypesSpec } from './graph-spec.ts'
import type { AnyOp, Parameter } from './op.ts'
import { findOp, ops } from './ops/index.ts'
import { type Attributes, readAttributes } from './read-attributes.ts'
import { pointer, show } from './schema-violations.ts'
import type { Shape } from './shape.ts'
import type { Violations } from './violations.ts'

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/
const idRule = 'an id is 1 to 200 letters, digits, "_", ".", "/" or "-", and starts with a letter, a digit or "_"'

/** A layer as read: `op` is missing where the type is unknown, `attributes` where they are wrong. */
export interface Draft {
  id: string
  index: number
  op: AnyOp | undefined
  attributes: Attributes | undefined
  /** As given; the verifier resolves them. */
  inputs: string[]
  /** Its id is another's: it is read for its violations, nothing can refer to it. */
  duplicate: boolean
  /** As given; the verifier checks it. */
  weightsOf?: string
  /** Names are checked by the verifier. */
  params?: Record<string, number>
  dtypes?: LayerDtypes
  /** Its outputs and parameters for one image, where whoever made the draft has worked them out on its inputs. */
  made?: { outputs: readonly Shape[]; parameters: readonly Parameter[] }
}

/** A specification as read. */
export interface Reading {
  inputs: GraphInput[]
  drafts: Draft[]
  /** As given; the verifier resolves them. */
  outputs: string[]
  fixedBatch?: 1
  /** Id → JSON pointer of the layer or input that bears it. */
  ids: Map<string, string>
}

/** Whether a JSON value is an object, no list and not null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const inputKeys = ['id', 'shape', 'dtype']
const topKeys = ['input', 'inputs', 'layers', 'outputs', 'fixedBatch']
/** Of two names as near to a misspelt one, that of maps goes first: `MaxPool` is meant to be MaxPool2d. */
const notOfMaps = (type: string): number => Number(/[13]d$/.test(type))
const opTypes = ops.map((op) => op.type).sort((a, b) => notOfMaps(a) - notOfMaps(b))

/**
 * Reads inputs, layers and outputs of a specification with a list of `layers`: structure, ids and attributes, each for
 * itself. Linear in the size of the specification.
 */
export function readSpec(spec: Record<string, unknown>, layers: readonly unknown[], violations: Violations): Reading {
  for (const key of Object.keys(spec))
    if (!topKeys.includes(key))
      violations.add(`/${pointer(key)}`, null, `unknown key "${key.slice(0, 60)}"${violations.hint(key, topKeys)}`)
  const ids = new Map<string, string>()
  const inputs = readInputs(spec, ids, violations)
  const drafts = readLayers(layers, inputs, ids, violations)
  if (spec.fixedBatch !== undefined && spec.fixedBatch !== 1)
    violations.add(
      '/fixedBatch',
      null,
      `fixedBatch is ${show(spec.fixedBatch)}, but may only be 1: leave it out where the network works at any batch`,
    )
  const outputs = readOutputs(spec.outputs, drafts, violations)
  return { inputs, drafts, outputs, ids, ...(spec.fixedBatch === 1 ? { fixedBatch: 1 } : {}) }
}

function readShape(value: unknown, path: string, id: string, violations: Violations): number[] | undefined {
  const good = Array.isArray(value) && value.length <= 7 && value.every((size) => Number.isInteger(size) && size >= 1 && size < 2 ** 31)
  if (good) return [...(value as number[])]
  violations.add(
    path,
    id,
    `the shape of an input is 1 to 7 positive integers, C×H×W for an image such as [3, 224, 224], but is ${show(value)}`,
  )
  return undefined
}

/** Takes an id for what stands at `path`. @returns false where it is taken, which is reported. */
function claim(id: string, path: string, ids: Map<string, string>, violations: Violations): boolean {
  const taken = ids.get(id)
  if (taken === undefined) ids.set(id, path)
  else violations.addLink(`${path}/id`, id, `id "${id}" is taken by ${taken}: give each input and layer its own`)
  return taken === undefined
}

function readInputs(spec: Record<string, unknown>, ids: Map<string, string>, violations: Violations): GraphInput[] {
  const inputs: GraphInput[] = []
  if (spec.input !== undefined && spec.inputs !== undefined)
    violations.addLink('/inputs', null, 'write input (one) or inputs (several), not both')
  const list = spec.input !== undefined ? [spec.input] : (spec.inputs ?? [])
  if (!Array.isArray(list) || list.length > 64) {
    violations.addLink('/inputs', null, 'inputs must be a list of at most 64 {id, shape}')
    return inputs
  }
  list.forEach((entry, i) => {
    const path = spec.input !== undefined ? '/input' : `/inputs/${i}`
    if (!isRecord(entry)) return violations.addLink(path, null, 'an input is an object {shape: [3, 224, 224]}')
    const id = entry.id ?? (list.length === 1 ? 'input' : undefined)
    if (typeof id !== 'string' || !idPattern.test(id)) return violations.addLink(`${path}/id`, null, `${idRule}; this one is ${show(id)}`)
    for (const key of Object.keys(entry))
      if (!inputKeys.includes(key))
        violations.add(`${path}/${pointer(key)}`, id, `unknown key "${key.slice(0, 60)}"${violations.hint(key, inputKeys)}`)
    claim(id, path, ids, violations)
    const shape = readShape(entry.shape, `${path}/shape`, id, violations)
    const { dtype } = entry
    if (dtype !== undefined && !fileDtypes.includes(dtype as FileDtype))
      violations.add(`${path}/dtype`, id, `dtype is ${show(dtype)}, but must be one of ${fileDtypes.join(', ')}`)
    inputs.push({ id, shape: shape ?? [1], ...(dtype === undefined || dtype === 'float32' ? {} : { dtype: dtype as FileDtype }) })
  })
  // One number an image is a setting: what it is one of, another input says.
  if (inputs.length > 0 && inputs.every(({ shape }) => shape.length === 0))
    violations.addLink(
      spec.input === undefined ? '/inputs' : '/input/shape',
      null,
      'the shape of an input is 1 to 7 positive integers, C×H×W for an image such as [3, 224, 224]; it may be [], one number an image, beside another input',
    )
  return inputs
}

/** Ids for layers without one: the type in lower case and a number that no given id has. */
function autoIds(layers: readonly unknown[], ids: ReadonlyMap<string, string>): (op: AnyOp | undefined) => string {
  const given = new Set(layers.map((entry) => (isRecord(entry) ? entry.id : undefined)))
  const counts = new Map<string, number>()
  return (op) => {
    const stem = op?.type.toLowerCase() ?? 'layer'
    for (;;) {
      const n = (counts.get(stem) ?? 0) + 1
      counts.set(stem, n)
      const id = `${stem}_${n}`
      if (!given.has(id) && !ids.has(id)) return id
    }
  }
}

function readLayers(layers: readonly unknown[], inputs: GraphInput[], ids: Map<string, string>, violations: Violations): Draft[] {
  const drafts: Draft[] = []
  const autoId = autoIds(layers, ids)
  let above: string | undefined = inputs.length === 1 ? inputs[0]!.id : undefined
  layers.forEach((entry, index) => {
    const path = `/layers/${index}`
    if (!isRecord(entry)) return violations.addLink(path, null, 'a layer is an object {type, …}')
    const type = typeof entry.type === 'string' ? entry.type : undefined
    const op = type === undefined ? undefined : findOp(type)
    let id: string
    if (entry.id === undefined) id = autoId(op)
    else if (typeof entry.id === 'string' && idPattern.test(entry.id)) id = entry.id
    else {
      violations.addLink(`${path}/id`, null, `${idRule}; this one is ${show(entry.id)}`)
      id = autoId(op)
    }
    const duplicate = !claim(id, path, ids, violations)
    if (type === undefined) violations.add(`${path}/type`, id, 'type is missing: name an op, e.g. "Conv2d"')
    else if (!op) violations.add(`${path}/type`, id, `unknown op "${type.slice(0, 60)}"${violations.hint(type, opTypes)}`)
    const attributes = op ? readAttributes(entry, op, path, id, violations) : undefined
    const from =
      op && (op.source || op.arity.max === 0) && entry.inputs === undefined
        ? []
        : readReferences(entry.inputs, op, path, id, above, violations)
    above = id
    const { weightsOf } = entry
    if (weightsOf !== undefined && op?.source) violations.add(`${path}/weightsOf`, id, 'an Input has no weights: leave weightsOf out')
    else if (weightsOf !== undefined && typeof weightsOf !== 'string')
      violations.add(`${path}/weightsOf`, id, `weightsOf is ${show(weightsOf)}, but must be the id of a layer`)
    if (op?.source) inputs.push({ id, shape: (attributes?.shape as number[] | undefined) ?? [1] })
    else {
      const params = readCounts(entry.params, `${path}/params`, id, violations)
      drafts.push({
        id,
        index,
        op,
        attributes,
        inputs: from,
        duplicate,
        ...(typeof weightsOf === 'string' ? { weightsOf } : {}),
        ...(params === undefined ? {} : { params }),
        ...readDtypes(entry.dtypes, `${path}/dtypes`, id, violations),
      })
    }
  })
  return drafts
}

/** Parameters have few names; more than an op has are refused before they are walked through. */
const mostCounts = 100

/** Counts by parameter as given, or undefined where they are none, which is reported. */
function readCounts(given: unknown, path: string, id: string, violations: Violations): Record<string, number> | undefined {
  if (given === undefined) return undefined
  const counts = isRecord(given) ? Object.entries(given) : null
  if (counts && counts.length <= mostCounts && counts.every(([, count]) => Number.isSafeInteger(count) && (count as number) >= 0))
    return Object.fromEntries(counts) as Record<string, number>
  violations.add(path, id, `params is ${show(given)}, but must be whole numbers by the names of parameters, such as {"weight": 0}`)
  return undefined
}

let dtypesValidator: Validator | undefined

/** The types of a layer as given, what is float32 left out; none where they do not fit, which is reported. */
function readDtypes(given: unknown, path: string, id: string, violations: Violations): { dtypes?: LayerDtypes } {
  if (given === undefined) return {}
  dtypesValidator ??= Compile(LayerDtypesSpec)
  if (dtypesValidator.Check(given)) {
    const dtypes = otherThanFloat32(given as LayerDtypes)
    return dtypes ? { dtypes } : {}
  }
  violations.add(
    path,
    id,
    `dtypes is ${show(given)}, but must be like {"macs": "int8", "output": "int8", "params": {"weight": "int8"}} of ${fileDtypes.join(', ')}`,
  )
  return {}
}

/** Types without those that are float32, which is what is meant where none is stated; undefined where none is left. */
export function otherThanFloat32({ macs, output, params }: LayerDtypes): LayerDtypes | undefined {
  let dtypes: LayerDtypes | undefined
  if (macs !== undefined && macs !== 'float32') dtypes = { macs }
  if (output !== undefined && output !== 'float32') dtypes = { ...dtypes, output }
  let others: Record<string, FileDtype> | undefined
  for (const name in params)
    if (params[name] !== 'float32') {
      others ??= {}
      others[name] = params[name] as FileDtype
    }
  return others ? { ...dtypes, params: others } : dtypes
}

/** The references of a layer as given, or to the layer above. */
function readReferences(
  given: unknown,
  op: AnyOp | undefined,
  path: string,
  id: string,
  above: string | undefined,
  violations: Violations,
): string[] {
  if (given !== undefined && !(Array.isArray(given) && given.every((name) => typeof name === 'string'))) {
    violations.addLink(`${path}/inputs`, id, 'inputs is a list of ids, such as ["conv1"]')
    return []
  }
  if (given === undefined && above === undefined) {
    const first = path === '/layers/0'
    violations.addLink(
      `${path}/inputs`,
      id,
      `${first ? 'there is nothing above the first layer: give the graph an input {"shape": [3, 224, 224]}, or ' : ''}name this layer’s inputs`,
    )
    return []
  }
  const from = (given as string[] | undefined) ?? [above as string]
  if (op) checkArity(op, from.length, path, id, violations)
  return from
}

/** Holds a layer's number of inputs against its op. */
export function checkArity(op: AnyOp, inputs: number, path: string, id: string, violations: Violations): void {
  const { min, max } = op.arity
  if (inputs >= min && inputs <= max) return
  const wanted = min === max ? `${min}` : `${min} to ${max}`
  violations.addLink(`${path}/inputs`, id, `${op.type} takes ${wanted} input${wanted === '1' ? '' : 's'}, but has ${inputs}`)
}

function readOutputs(given: unknown, drafts: readonly Draft[], violations: Violations): string[] {
  if (given === undefined) {
    const last = drafts.findLast((draft) => !draft.duplicate)
    return last ? [last.id] : []
  }
  if (!Array.isArray(given) || given.length === 0 || given.length > 1000 || !given.every((name) => typeof name === 'string')) {
    violations.addLink('/outputs', null, 'outputs is a list of 1 to 1000 layer ids, such as ["fc8"]')
    return []
  }
  return given as string[]
}
