import { type TProperties, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Value } from 'typebox/value'
import { type FileDtype, fileDtypes, type LayerDtypes, unstored } from './dtypes.ts'
import type { GraphInput } from './graph.ts'
import type { AnyOp } from './op.ts'
import { findOp, ops } from './ops/index.ts'
import type { Problems } from './problems.ts'
import { describeSchema, pointer, show } from './schema-problems.ts'

/** What a user may send; the API documents it with this schema, the verifier checks it layer by layer. */
const dimension = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const InputShape = Type.Array(dimension, { minItems: 1, maxItems: 7, description: 'One image, C×H×W.' })
const dtype = (description: string) => Type.Enum(fileDtypes, { description })
const LayerDtypesSpec = Type.Object(
  {
    macs: Type.Optional(dtype('What its multiply-adds are computed in.')),
    output: Type.Optional(
      Type.Enum([...fileDtypes, ...unstored], {
        description:
          'What its outputs are kept as; `view` where they are its first input, taken off its scale where it is read, `fused` where the layer behind it takes them over without memory.',
      }),
    ),
    params: Type.Optional(
      Type.Record(Type.String({ maxLength: 60 }), dtype('What the parameter of this name is stored as.'), { maxProperties: 100 }),
    ),
  },
  { additionalProperties: false, description: 'Types of the tensors of the layer, as an imported file has them. Default: float32.' },
)
const inputDtype = Type.Optional(dtype('What the input holds. Default: float32.'))
export const GraphSpec = Type.Object({
  input: Type.Optional(
    Type.Object({ shape: InputShape, dtype: inputDtype }, { title: 'NetworkInput', description: 'The one input, known as "input".' }),
  ),
  inputs: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), shape: InputShape, dtype: inputDtype }, { title: 'NamedNetworkInput' }), {
      description: 'Where the network has several inputs.',
    }),
  ),
  layers: Type.Array(
    Type.Object(
      {
        id: Type.Optional(Type.String({ description: 'Default: the type in lower case and a number.' })),
        type: Type.String({ description: 'An op, e.g. Conv2d.' }),
        inputs: Type.Optional(
          Type.Array(Type.String(), { description: 'Ids of layers or inputs, "split:1" for a second output. Default: the layer above.' }),
        ),
        weightsOf: Type.Optional(
          Type.String({
            description: 'Id of a layer of the same type whose weights this layer uses too: they count once. Default: weights of its own.',
          }),
        ),
        params: Type.Optional(
          Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
            description:
              'Elements that are counted for a parameter, by its name, where it is not filled by a tensor of its own size and its own alone: 0 where another layer has counted the tensor. Default: its own size.',
          }),
        ),
        dtypes: Type.Optional(LayerDtypesSpec),
      },
      { additionalProperties: true, description: 'The attributes of the op stand beside id, type, inputs, weightsOf, params and dtypes.' },
    ),
    {
      description: 'Objects {id, type, inputs} with the attributes of the op, e.g. {"type": "Conv2d", "outChannels": 64, "kernelSize": 3}.',
    },
  ),
  outputs: Type.Optional(Type.Array(Type.String(), { description: 'Default: the last layer.' })),
  fixedBatch: Type.Optional(
    Type.Literal(1, {
      description: 'The network works at one image a call alone, since a layer mixes the images of a batch. Default: at any batch.',
    }),
  ),
})

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/
const idRule = 'an id is 1 to 200 letters, digits, "_", ".", "/" or "-", and starts with a letter, a digit or "_"'

export type Attributes = Record<string, unknown>

/** A layer as read: `op` is missing where the type is unknown, `attributes` where they are wrong. */
export interface Draft {
  id: string
  index: number
  op: AnyOp | undefined
  attributes: Attributes | undefined
  /** As given; the verifier resolves them. */
  inputs: string[]
  /** Its id is another's: it is read for its problems, nothing can refer to it. */
  duplicate: boolean
  /** As given; the verifier checks it. */
  weightsOf?: string
  /** Names are checked by the verifier. */
  params?: Record<string, number>
  dtypes?: LayerDtypes
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

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a layer has beside its op's attributes. */
const layerKeys: ReadonlySet<string> = new Set(['id', 'type', 'inputs', 'weightsOf', 'params', 'dtypes'])
const inputKeys = ['id', 'shape', 'dtype']
const topKeys = ['input', 'inputs', 'layers', 'outputs', 'fixedBatch']
/** Of two names as near to a misspelt one, that of maps goes first: `MaxPool` is meant to be MaxPool2d. */
const notOfMaps = (type: string): number => Number(/[13]d$/.test(type))
const opTypes = ops.map((op) => op.type).sort((a, b) => notOfMaps(a) - notOfMaps(b))

/**
 * Reads inputs, layers and outputs of a specification with a list of `layers`: structure, ids and attributes, each for
 * itself. Linear in the size of the specification.
 */
export function readSpec(spec: Record<string, unknown>, layers: readonly unknown[], problems: Problems): Reading {
  for (const key of Object.keys(spec))
    if (!topKeys.includes(key)) problems.add(`/${pointer(key)}`, null, `unknown key "${key.slice(0, 60)}"${problems.hint(key, topKeys)}`)
  const ids = new Map<string, string>()
  const inputs = readInputs(spec, ids, problems)
  const drafts = readLayers(layers, inputs, ids, problems)
  if (spec.fixedBatch !== undefined && spec.fixedBatch !== 1)
    problems.add(
      '/fixedBatch',
      null,
      `fixedBatch is ${show(spec.fixedBatch)}, but may only be 1: leave it out where the network works at any batch`,
    )
  const outputs = readOutputs(spec.outputs, drafts, problems)
  return { inputs, drafts, outputs, ids, ...(spec.fixedBatch === 1 ? { fixedBatch: 1 } : {}) }
}

function readShape(value: unknown, path: string, id: string, problems: Problems): number[] | undefined {
  const good =
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= 7 &&
    value.every((size) => Number.isInteger(size) && size >= 1 && size < 2 ** 31)
  if (good) return [...(value as number[])]
  problems.add(
    path,
    id,
    `the shape of an input is 1 to 7 positive integers, C×H×W for an image such as [3, 224, 224], but is ${show(value)}`,
  )
  return undefined
}

/** Takes an id for what stands at `path`. @returns false where it is taken, which is reported. */
function claim(id: string, path: string, ids: Map<string, string>, problems: Problems): boolean {
  const taken = ids.get(id)
  if (taken === undefined) ids.set(id, path)
  else problems.addLink(`${path}/id`, id, `id "${id}" is taken by ${taken}: give each input and layer its own`)
  return taken === undefined
}

function readInputs(spec: Record<string, unknown>, ids: Map<string, string>, problems: Problems): GraphInput[] {
  const inputs: GraphInput[] = []
  if (spec.input !== undefined && spec.inputs !== undefined)
    problems.addLink('/inputs', null, 'write input (one) or inputs (several), not both')
  const list = spec.input !== undefined ? [spec.input] : (spec.inputs ?? [])
  if (!Array.isArray(list) || list.length > 64) {
    problems.addLink('/inputs', null, 'inputs must be a list of at most 64 {id, shape}')
    return inputs
  }
  list.forEach((entry, i) => {
    const path = spec.input !== undefined ? '/input' : `/inputs/${i}`
    if (!isRecord(entry)) return problems.addLink(path, null, 'an input is an object {shape: [3, 224, 224]}')
    const id = entry.id ?? (list.length === 1 ? 'input' : undefined)
    if (typeof id !== 'string' || !idPattern.test(id)) return problems.addLink(`${path}/id`, null, `${idRule}; this one is ${show(id)}`)
    for (const key of Object.keys(entry))
      if (!inputKeys.includes(key))
        problems.add(`${path}/${pointer(key)}`, id, `unknown key "${key.slice(0, 60)}"${problems.hint(key, inputKeys)}`)
    claim(id, path, ids, problems)
    const shape = readShape(entry.shape, `${path}/shape`, id, problems)
    const { dtype } = entry
    if (dtype !== undefined && !fileDtypes.includes(dtype as FileDtype))
      problems.add(`${path}/dtype`, id, `dtype is ${show(dtype)}, but must be one of ${fileDtypes.join(', ')}`)
    inputs.push({ id, shape: shape ?? [1], ...(dtype === undefined || dtype === 'float32' ? {} : { dtype: dtype as FileDtype }) })
  })
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

function readLayers(layers: readonly unknown[], inputs: GraphInput[], ids: Map<string, string>, problems: Problems): Draft[] {
  const drafts: Draft[] = []
  const autoId = autoIds(layers, ids)
  let above: string | undefined = inputs.length === 1 ? inputs[0]!.id : undefined
  layers.forEach((entry, index) => {
    const path = `/layers/${index}`
    if (!isRecord(entry)) return problems.addLink(path, null, 'a layer is an object {type, …}')
    const type = typeof entry.type === 'string' ? entry.type : undefined
    const op = type === undefined ? undefined : findOp(type)
    let id: string
    if (entry.id === undefined) id = autoId(op)
    else if (typeof entry.id === 'string' && idPattern.test(entry.id)) id = entry.id
    else {
      problems.addLink(`${path}/id`, null, `${idRule}; this one is ${show(entry.id)}`)
      id = autoId(op)
    }
    const duplicate = !claim(id, path, ids, problems)
    if (type === undefined) problems.add(`${path}/type`, id, 'type is missing: name an op, e.g. "Conv2d"')
    else if (!op) problems.add(`${path}/type`, id, `unknown op "${type.slice(0, 60)}"${problems.hint(type, opTypes)}`)
    const attributes = op ? readAttributes(entry, op, path, id, problems) : undefined
    const from =
      op && (op.source || op.arity.max === 0) && entry.inputs === undefined
        ? []
        : readReferences(entry.inputs, op, path, id, above, problems)
    above = id
    const { weightsOf } = entry
    if (weightsOf !== undefined && op?.source) problems.add(`${path}/weightsOf`, id, 'an Input has no weights: leave weightsOf out')
    else if (weightsOf !== undefined && typeof weightsOf !== 'string')
      problems.add(`${path}/weightsOf`, id, `weightsOf is ${show(weightsOf)}, but must be the id of a layer`)
    if (op?.source) inputs.push({ id, shape: (attributes?.shape as number[] | undefined) ?? [1] })
    else {
      const params = readCounts(entry.params, `${path}/params`, id, problems)
      drafts.push({
        id,
        index,
        op,
        attributes,
        inputs: from,
        duplicate,
        ...(typeof weightsOf === 'string' ? { weightsOf } : {}),
        ...(params === undefined ? {} : { params }),
        ...readDtypes(entry.dtypes, `${path}/dtypes`, id, problems),
      })
    }
  })
  return drafts
}

/** Parameters have few names; more than an op has are refused before they are walked through. */
const mostCounts = 100

/** Counts by parameter as given, or undefined where they are none, which is reported. */
function readCounts(given: unknown, path: string, id: string, problems: Problems): Record<string, number> | undefined {
  if (given === undefined) return undefined
  const counts = isRecord(given) ? Object.entries(given) : null
  if (counts && counts.length <= mostCounts && counts.every(([, count]) => Number.isSafeInteger(count) && (count as number) >= 0))
    return Object.fromEntries(counts) as Record<string, number>
  problems.add(path, id, `params is ${show(given)}, but must be whole numbers by the names of parameters, such as {"weight": 0}`)
  return undefined
}

let dtypesValidator: Validator | undefined

/** The types of a layer as given, what is float32 left out; none where they do not fit, which is reported. */
function readDtypes(given: unknown, path: string, id: string, problems: Problems): { dtypes?: LayerDtypes } {
  if (given === undefined) return {}
  dtypesValidator ??= Compile(LayerDtypesSpec)
  if (dtypesValidator.Check(given)) {
    const { macs, output, params } = given as LayerDtypes
    const others = Object.entries(params ?? {}).filter(([, type]) => type !== 'float32')
    const dtypes: LayerDtypes = {
      ...(macs === undefined || macs === 'float32' ? {} : { macs }),
      ...(output === undefined || output === 'float32' ? {} : { output }),
      ...(others.length === 0 ? {} : { params: Object.fromEntries(others) }),
    }
    return Object.keys(dtypes).length === 0 ? {} : { dtypes }
  }
  problems.add(
    path,
    id,
    `dtypes is ${show(given)}, but must be like {"macs": "int8", "output": "int8", "params": {"weight": "int8"}} of ${fileDtypes.join(', ')}`,
  )
  return {}
}

/** The references of a layer as given, or to the layer above. */
function readReferences(
  given: unknown,
  op: AnyOp | undefined,
  path: string,
  id: string,
  above: string | undefined,
  problems: Problems,
): string[] {
  if (given !== undefined && !(Array.isArray(given) && given.every((name) => typeof name === 'string'))) {
    problems.addLink(`${path}/inputs`, id, 'inputs is a list of ids, such as ["conv1"]')
    return []
  }
  if (given === undefined && above === undefined) {
    const first = path === '/layers/0'
    problems.addLink(
      `${path}/inputs`,
      id,
      `${first ? 'there is nothing above the first layer: give the graph an input {"shape": [3, 224, 224]}, or ' : ''}name this layer’s inputs`,
    )
    return []
  }
  const from = (given as string[] | undefined) ?? [above as string]
  if (op && (from.length < op.arity.min || from.length > op.arity.max)) {
    const { min, max } = op.arity
    const wanted = min === max ? `${min}` : `${min} to ${max}`
    problems.addLink(`${path}/inputs`, id, `${op.type} takes ${wanted} input${wanted === '1' ? '' : 's'}, but has ${from.length}`)
  }
  return from
}

/** Compiled at the first layer that needs them: all at once would cost a start of the service more than it saves. */
const validators = new Map<AnyOp, Validator>()
function validatorOf(op: AnyOp): Validator {
  let validator = validators.get(op)
  if (!validator) validators.set(op, (validator = Compile(op.attributes)))
  return validator
}

/** No op takes a longer list; one that is longer is refused before a schema walks through it. */
const longestList = 1024
const tooLong = (value: unknown): boolean => Array.isArray(value) && value.length > longestList

/** The attributes of one layer in canonical form, or undefined where one does not fit, which is reported. */
export function readAttributes(
  entry: Record<string, unknown>,
  op: AnyOp,
  path: string,
  id: string,
  problems: Problems,
): Attributes | undefined {
  const known = op.attributes.properties as TProperties
  const given: Attributes = {}
  const before = problems.list.length
  let plausible = true
  for (const key of Object.keys(entry)) {
    if (layerKeys.has(key)) continue
    if (Object.hasOwn(known, key)) {
      given[key] = entry[key]
      plausible &&= !tooLong(entry[key])
      continue
    }
    const names = Object.keys(known)
    const hint = names.length === 0 ? `: ${op.type} takes none` : problems.hint(key, names)
    problems.add(`${path}/${pointer(key)}`, id, `${op.type} has no attribute "${key.slice(0, 60)}"${hint}`)
  }
  if (!plausible || !validatorOf(op).Check(given)) reportAttributes(given, op, path, id, problems)
  return problems.list.length === before ? (op.canonical(given as never) as Attributes) : undefined
}

/** One problem for each attribute that is missing or does not fit. */
function reportAttributes(given: Attributes, op: AnyOp, path: string, id: string, problems: Problems): void {
  const required = (op.attributes.required as string[] | undefined) ?? []
  for (const [name, schema] of Object.entries(op.attributes.properties as TProperties)) {
    const value = given[name]
    if (!Object.hasOwn(given, name)) {
      if (required.includes(name)) problems.add(`${path}/${name}`, id, `${op.type} needs ${name}: ${describeSchema(schema)}`)
    } else if (tooLong(value) || !Value.Check(schema, value))
      problems.add(`${path}/${name}`, id, `${name} is ${show(value)}, but must be ${describeSchema(schema)}`)
  }
}

function readOutputs(given: unknown, drafts: readonly Draft[], problems: Problems): string[] {
  if (given === undefined) {
    const last = drafts.findLast((draft) => !draft.duplicate)
    return last ? [last.id] : []
  }
  if (!Array.isArray(given) || given.length === 0 || given.length > 1000 || !given.every((name) => typeof name === 'string')) {
    problems.addLink('/outputs', null, 'outputs is a list of 1 to 1000 layer ids, such as ["fc8"]')
    return []
  }
  return given as string[]
}
