import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import { defaultLimits, type Limits } from '../../limits.ts'
import { isRecord } from '../../read-spec.ts'
import { show } from '../../schema-violations.ts'
import { verifyGraph } from '../../verify.ts'
import { Violations } from '../../violations.ts'
import { checkManifest } from './manifest.ts'
import { checkClasses, Network } from './network.ts'
import { type KerasModel, readModel } from './topology.ts'

export interface KerasOptions {
  limits?: Limits
  /** The shape of the one input, as Keras has it, batch left out: for a model that leaves sizes open. */
  inputShape?: readonly number[]
}

/**
 * Reads what `model.to_json()` of Keras 2 or 3 writes: Functional and Sequential models, models inside them, layers and
 * models that are called several times (`weightsOf`). Maps are channels first here, whatever Keras's data format; an
 * activation inside a layer becomes a layer of its own. All violations are reported together, unless one hides another.
 * @throws EngineError INVALID_KERAS with a JSON pointer into `json`, a layer and what would be right for each violation;
 *   LIMIT_EXCEEDED as `verifyGraph`, before any work that grows with the excess.
 */
export function importKeras(json: unknown, options: KerasOptions = {}): Graph {
  // The outer object of some versions.
  const wrapped = isRecord(json) && json.class_name === undefined && isRecord(json.model_config)
  return read(json, wrapped ? (json.model_config as unknown) : json, wrapped ? '/model_config' : '', options).graph
}

/**
 * Reads a TF.js layers model, the `model.json` that tensorflowjs_converter and `model.save()` write. The shapes of its
 * weight manifest are compared with the layers' own; the weights themselves are in other files and are not read.
 * @throws as `importKeras`.
 */
export function importTfjsLayers(json: unknown, options: KerasOptions = {}): Graph {
  const topology = isRecord(json) ? json.modelTopology : undefined
  const path = '/modelTopology'
  const isGraph = isRecord(json) && (json.format === 'graph-model' || (isRecord(topology) && topology.node !== undefined))
  if (!isRecord(topology) || isGraph) {
    const violations = new Violations('INVALID_KERAS', 'the TF.js model')
    const message = isGraph
      ? 'this is a TF.js graph model, which has no layers: convert to a layers model (--output_format=tfjs_layers_model)'
      : `a TF.js layers model is the object of model.json, with modelTopology, but this is ${show(json)}`
    violations.add(isRecord(json) ? path : '', null, message)
    violations.check()
  }
  const wrapped = isRecord((topology as Record<string, unknown>).model_config)
  const model = wrapped ? (topology as Record<string, unknown>).model_config : topology
  const { graph, origins, model: tree } = read(topology, model, wrapped ? `${path}/model_config` : path, options)
  checkManifest((json as Record<string, unknown>).weightsManifest, graph, tree, origins)
  return graph
}

/** The generation that wrote a model: the two name a layer's module, or wire their layers, in different ways. */
function generationOf(outer: unknown, model: unknown): 2 | 3 {
  const said = isRecord(outer) ? outer.keras_version : undefined
  if (typeof said === 'string') return said.startsWith('3') ? 3 : 2
  return isRecord(model) && typeof model.module === 'string' ? 3 : 2
}

function read(outer: unknown, value: unknown, path: string, { limits = defaultLimits, inputShape }: KerasOptions) {
  const violations = new Violations('INVALID_KERAS', 'the model')
  if (isRecord(value) && value.modelTopology !== undefined && value.class_name === undefined)
    violations.add(path, null, 'this is the model.json of TF.js: send it as tfjs')
  const model = violations.list.length === 0 ? readModel(value, path, violations) : null
  if (model) checkClasses(model, violations)
  violations.check()
  const network = new Network(model as KerasModel, violations, {
    generation: generationOf(outer, value),
    limits,
    ...(inputShape ? { inputShape } : {}),
  })
  const outputs = network.whole(model as KerasModel)
  violations.check()
  const { inputs, layers, origins } = network.writer
  try {
    return { graph: verifyGraph({ inputs, layers, outputs }, limits), origins, model: model as KerasModel }
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause
    // Violations that the verifier finds get the path of the Keras layer.
    const errors = cause.errors.map((error) => ({ ...error, path: (error.layerId && origins.get(error.layerId)) || path }))
    throw new EngineError(
      cause.code === 'INVALID_GRAPH' ? 'INVALID_KERAS' : cause.code,
      cause.message.replace('the graph has', 'the model has'),
      errors,
    )
  }
}
