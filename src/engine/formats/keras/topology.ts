import { isRecord } from '../../read-spec.ts'
import { pointer, show } from '../../schema-violations.ts'
import type { Violations } from '../../violations.ts'

/**
 * The wiring of a model as both generations of Keras, and TF.js after the second, write it, in one form. It does not
 * interpret the layers.
 */

/** A tensor by the call that made it: output `tensor` of the `node`-th call of a layer. */
export interface KerasReference {
  layer: string
  node: number
  tensor: number
}

/** A number beside the one tensor of a call, as in `x + 3.0`. */
export interface Operand {
  value: number
  /** Before the tensor. */
  first: boolean
}

export interface KerasLayer {
  name: string
  className: string
  config: Record<string, unknown>
  /** JSON pointer of the layer in what was sent. */
  path: string
  /** One list of inputs for each call. A layer that is called twice shares its weights. */
  calls: KerasReference[][]
  /** The number among the arguments of each call; only where there is one. */
  operands: ReadonlyMap<number, Operand>
  /** Where the layer is itself a model. */
  model?: KerasModel
  /** What the input of an InputLayer, or of a Sequential's first layer, is said to be: batch first, null where open. */
  inputShape?: readonly unknown[]
}

export interface KerasModel {
  name: string
  path: string
  layers: KerasLayer[]
  inputs: KerasReference[]
  outputs: KerasReference[]
}

/** Models inside models, no deeper. */
const deepest = 32
/** As the engine's graphs have. */
const mostInputs = 64
export const modelClasses: readonly string[] = ['Functional', 'Model', 'Sequential']

const isReference = (value: unknown): value is [string, number, number] =>
  Array.isArray(value) &&
  value.length >= 3 &&
  typeof value[0] === 'string' &&
  Number.isInteger(value[1]) &&
  Number.isInteger(value[2]) &&
  value[1] >= 0 &&
  value[2] >= 0

const referenceOf = ([layer, node, tensor]: [string, number, number]): KerasReference => ({ layer, node, tensor })

/** Reads a model. Violations are added, with their paths; null where nothing can be said about the rest. */
export function readModel(value: unknown, path: string, violations: Violations, depth = 0): KerasModel | null {
  const className = isRecord(value) ? value.class_name : undefined
  if (!isRecord(value) || typeof className !== 'string' || !modelClasses.includes(className)) {
    violations.add(
      path,
      null,
      isRecord(value) && typeof className === 'string'
        ? `class_name is ${show(className)}: a model is Functional or Sequential; of a model of your own class Keras writes no layers`
        : `a Keras model is the object that model.to_json() writes, with class_name and config, but this is ${show(value)}`,
    )
    return null
  }
  if (depth > deepest) {
    violations.add(path, null, `models are nested ${depth} deep, the limit is ${deepest}`)
    return null
  }
  // Before Keras 2.2.3 the config of a Sequential was the list itself.
  const config = isRecord(value.config) ? value.config : {}
  const list = Array.isArray(value.config) ? value.config : config.layers
  const at = Array.isArray(value.config) ? `${path}/config` : `${path}/config/layers`
  if (!Array.isArray(list) || list.length === 0) {
    violations.add(at, null, 'layers must be a list of at least one layer')
    return null
  }
  const layers: KerasLayer[] = []
  const names = new Set<string>()
  list.forEach((entry, i) => {
    const layer = readLayer(entry, `${at}/${i}`, violations, depth)
    if (layer === null) return
    if (names.has(layer.name))
      violations.add(`${layer.path}/config/name`, layer.name, `two layers are named "${layer.name.slice(0, 60)}": names must differ`)
    names.add(layer.name)
    layers.push(layer)
  })
  if (layers.length < list.length) return null
  const name = typeof config.name === 'string' ? config.name : className.toLowerCase()
  const model = { name, path, layers, inputs: [], outputs: [] }
  return className === 'Sequential' ? chain(model, value, config) : wired(model, config, violations)
}

function readLayer(entry: unknown, path: string, violations: Violations, depth: number): KerasLayer | null {
  if (!isRecord(entry) || typeof entry.class_name !== 'string' || !(isRecord(entry.config) || Array.isArray(entry.config))) {
    violations.add(path, null, `a layer is an object with class_name and config, but this is ${show(entry)}`)
    return null
  }
  const config = isRecord(entry.config) ? entry.config : {}
  const name = entry.name ?? config.name
  if (typeof name !== 'string' || name === '' || name.length > 1000) {
    violations.add(`${path}/config/name`, null, `a layer's name is a string, but this is ${show(name)}`)
    return null
  }
  const isModel = modelClasses.includes(entry.class_name)
  const model = isModel ? readModel(entry, path, violations, depth + 1) : null
  if (isModel && model === null) return null
  const shape = config.batch_shape ?? config.batch_input_shape
  return {
    name,
    className: entry.class_name,
    config,
    path,
    calls: readCalls(entry.inbound_nodes, `${path}/inbound_nodes`, name, violations),
    operands: readOperands(entry.inbound_nodes),
    ...(model ? { model } : {}),
    ...(Array.isArray(shape) ? { inputShape: shape } : {}),
  }
}

/** The calls of a layer: Keras 2 writes a list of references for each, Keras 3 arguments in which tensors lie. */
function readCalls(value: unknown, path: string, name: string, violations: Violations): KerasReference[][] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    violations.add(path, name, `inbound_nodes is ${show(value)}, but must be a list of calls`)
    return []
  }
  return value.map((node, i) => {
    const found: KerasReference[] = []
    const at = `${path}/${i}`
    if (isRecord(node)) {
      tensorsIn(node.args, 0, found)
      checkKeywords(node.kwargs, `${at}/kwargs`, name, violations)
    } else if (isReference(node)) {
      found.push(referenceOf(node))
      checkKeywords(node[3 as never], `${at}/3`, name, violations)
    } else if (Array.isArray(node)) {
      node.forEach((each, k) => {
        if (!isReference(each)) return
        found.push(referenceOf(each))
        checkKeywords(each[3 as never], `${at}/${k}/3`, name, violations)
      })
      if (found.length < node.length) violations.add(at, name, 'an input is [layer, node, tensor, {}]: one of these is not')
    } else violations.add(at, name, `a call is ${show(node)}, but must be a list of inputs (Keras 2) or an object with args (Keras 3)`)
    return found
  })
}

/** Operators on a tensor and a number, which Keras 3 writes as layers: the number stands among the arguments. */
function readOperands(value: unknown): ReadonlyMap<number, Operand> {
  const found = new Map<number, Operand>()
  if (Array.isArray(value))
    value.forEach((node, i) => {
      const list: unknown = isRecord(node) ? node.args : undefined
      const at = Array.isArray(list) ? list.findIndex((each) => typeof each === 'number') : -1
      if (at >= 0) found.set(i, { value: (list as number[])[at]!, first: at === 0 })
    })
  return found
}

/** The Keras tensors among the arguments of a call, in order. Arguments are tensors, or lists of them. */
function tensorsIn(value: unknown, depth: number, found: KerasReference[]): void {
  if (Array.isArray(value)) {
    if (depth < 4) for (const each of value) tensorsIn(each, depth + 1, found)
  } else if (
    isRecord(value) &&
    value.class_name === '__keras_tensor__' &&
    isRecord(value.config) &&
    isReference(value.config.keras_history)
  )
    found.push(referenceOf(value.config.keras_history))
}

/** An argument by name that is a tensor would be an input left out: no layer that is known takes one. */
function checkKeywords(value: unknown, path: string, name: string, violations: Violations): void {
  if (!isRecord(value)) return
  for (const [key, argument] of Object.entries(value)) {
    const found: KerasReference[] = []
    tensorsIn(argument, 0, found)
    if (found.length > 0 || isReference(argument))
      violations.add(
        `${path}/${pointer(key)}`,
        name,
        `${name} gets a tensor as its argument ${key.slice(0, 60)}: only layers that are called on their inputs alone can be read`,
      )
  }
}

/** A Sequential: each layer reads the one above. Where it says only the shape of its input, an InputLayer is made. */
function chain(model: KerasModel, value: Record<string, unknown>, config: Record<string, unknown>): KerasModel {
  const { layers } = model
  const first = layers[0]!
  if (first.className !== 'InputLayer') {
    const built = isRecord(value.build_config) ? value.build_config.input_shape : undefined
    const shape = first.inputShape ?? config.build_input_shape ?? built ?? inputShapeOf(first.model)
    layers.unshift({
      name: `${first.name}_input`,
      className: 'InputLayer',
      config: {},
      path: first.path,
      calls: [],
      operands: new Map(),
      ...(Array.isArray(shape) ? { inputShape: shape } : {}),
    })
  }
  const whole = (layer: KerasLayer): KerasReference => ({ layer: layer.name, node: 0, tensor: 0 })
  layers.forEach((layer, i) => (layer.calls = i === 0 ? [] : [[whole(layers[i - 1]!)]]))
  return { ...model, inputs: [whole(layers[0]!)], outputs: [whole(layers.at(-1)!)] }
}

const inputShapeOf = (model: KerasModel | undefined): readonly unknown[] | undefined =>
  model?.layers.find(({ name }) => name === model.inputs[0]?.layer)?.inputShape

/** A Functional model: inputs and outputs are named; they may lie in lists and objects, in order. */
function wired(model: KerasModel, config: Record<string, unknown>, violations: Violations): KerasModel | null {
  const ends = (key: 'input_layers' | 'output_layers') => {
    const found: KerasReference[] = []
    const collect = (value: unknown, depth: number): void => {
      if (isReference(value)) found.push(referenceOf(value))
      else if (depth < 4 && Array.isArray(value)) for (const each of value) collect(each, depth + 1)
      else if (depth < 4 && isRecord(value)) for (const each of Object.values(value)) collect(each, depth + 1)
    }
    collect(config[key], 0)
    if (found.length === 0)
      violations.add(`${model.path}/config/${key}`, null, `${key} must name at least one tensor, as [layer, node, tensor]`)
    return found
  }
  const inputs = ends('input_layers')
  if (new Set(inputs.map(({ layer }) => layer)).size < inputs.length || inputs.length > mostInputs) {
    violations.add(
      `${model.path}/config/input_layers`,
      null,
      `a model has at most ${mostInputs} inputs, each of its own, but this one names ${inputs.length}`,
    )
    return null
  }
  const outputs = ends('output_layers')
  startAtZero(model.layers, outputs)
  return inputs.length > 0 && outputs.length > 0 ? { ...model, inputs, outputs } : null
}

/**
 * Keras counts the creation of a model that is used as a layer as its first call, so its calls are often numbered from 1.
 * Here they start at 0, as every other layer's.
 */
function startAtZero(layers: readonly KerasLayer[], outputs: readonly KerasReference[]): void {
  const references = new Map<string, KerasReference[]>()
  for (const { name, model } of layers) if (model) references.set(name, [])
  for (const { calls } of layers) for (const call of calls) for (const each of call) references.get(each.layer)?.push(each)
  for (const each of outputs) references.get(each.layer)?.push(each)
  for (const list of references.values()) if (list.every(({ node }) => node > 0)) for (const each of list) each.node -= 1
}
