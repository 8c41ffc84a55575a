import type * as tfjs from '@tensorflow/tfjs-core'
import { type Graph, reference } from '../graph.ts'
import { type InferOptions, type InferredLayer, inferShapes, inputShape } from '../infer.ts'
import type { Parameter, TfjsCall } from '../op.ts'
import { opOf } from '../ops/index.ts'
import { toEngineOrder, toTfjsOrder } from '../ops/shared/lowering/layout.ts'
import { numel, type Shape } from '../shape.ts'
import { ownerOf, parametersOf } from '../shared-weights.ts'
import { ConstantBudget } from './constant-budget.ts'

export interface TfjsOptions extends InferOptions {
  /** Values of a parameter, row-major in its own shape: seeded ones, or the file's own. `layerId` is the layer that owns it. */
  parameterOf(layerId: string, parameter: Parameter): Float32Array
}

/** A network on the back end that was active when it was lowered. */
export interface TfjsNetwork {
  inputs: readonly { id: string; shape: Shape }[]
  outputs: readonly { name: string; shape: Shape }[]
  /**
   * Puts inputs (engine order, N×C×H×W, by id) on the back end, to be used for any number of runs. The caller disposes.
   * @throws Error where an input is missing or has another size.
   */
  upload(inputs: Readonly<Record<string, Float32Array>>): Record<string, tfjs.Tensor>
  /**
   * One inference over uploaded inputs, which stay. Every intermediate is freed after its last reader.
   * @param observe is called after each layer with its outputs, which it must not keep: per-layer times are taken here.
   * @returns the outputs in graph order, each in engine order; the caller disposes them. Reading one waits for it.
   */
  run(inputs: Readonly<Record<string, tfjs.Tensor>>, observe?: (layerId: string, outputs: readonly tfjs.Tensor[]) => void): tfjs.Tensor[]
  /** Frees weights and constants. */
  dispose(): void
}

interface Step {
  id: string
  call: TfjsCall
  inputs: readonly string[]
  outputs: readonly string[]
  /** Tensors whose last reader this layer is, and outputs of its own that nobody reads. */
  free: readonly string[]
}

/**
 * Lowers a graph to TF.js, every layer once: weights are laid out and constants are made here, so that a run holds
 * none of it. Nothing else of the network stays in memory between runs.
 * @throws EngineError INVALID_RESOLUTION where the resolution does not go through the network; EXPORT_UNSUPPORTED where its
 *   constants would take too much.
 */
export function lowerToTfjs(tf: typeof tfjs, graph: Graph, options: TfjsOptions): TfjsNetwork {
  const layers = inferShapes(graph, options)
  const shapes = new Map<string, Shape>()
  for (const input of graph.inputs) shapes.set(input.id, inputShape(input, options))
  const lastReader = new Map<string, number>()
  layers.forEach(({ layer, outputs }, i) => {
    outputs.forEach((shape, o) => {
      shapes.set(reference(layer.id, o), shape)
      lastReader.set(reference(layer.id, o), i)
    })
    for (const name of layer.inputs) lastReader.set(name, i)
  })
  const kept = new Set([...graph.inputs.map((input) => input.id), ...graph.outputs])
  const frees = layers.map(() => [] as string[])
  for (const [name, i] of lastReader) if (!kept.has(name)) frees[i]!.push(name)

  const constants: tfjs.Tensor[] = []
  const steps: Step[] = []
  const lower = lowerer(tf, layers, options)
  const dispose = (): void => {
    for (const tensor of constants) if (!tensor.isDisposed) tensor.dispose()
    constants.length = 0
  }
  try {
    layers.forEach((inferred, i) => {
      const { layer, outputs } = inferred
      const { call, made } = collect(tf, () => lower(inferred))
      for (const tensor of made) constants.push(tf.keep(tensor))
      steps.push({ id: layer.id, call, inputs: layer.inputs, outputs: outputs.map((_, o) => reference(layer.id, o)), free: frees[i]! })
    })
  } catch (cause) {
    dispose()
    throw cause
  }

  return {
    inputs: graph.inputs.map(({ id }) => ({ id, shape: shapes.get(id) as Shape })),
    outputs: graph.outputs.map((name) => ({ name, shape: shapes.get(name) as Shape })),
    upload: (inputs) =>
      tf.tidy(() =>
        Object.fromEntries(
          graph.inputs.map(({ id }) => {
            const values = inputs[id]
            const shape = shapes.get(id) as Shape
            if (values?.length !== numel(shape))
              throw new Error(`input ${id} takes ${numel(shape)} elements (${shape.join('×')}), but gets ${values?.length ?? 'none'}`)
            return [id, toTfjsOrder(tf, tf.tensor(values, [...shape], 'float32'))]
          }),
        ),
      ),
    run: (inputs, observe) => execute(tf, steps, graph.outputs, inputs, observe),
    dispose,
  }
}

/**
 * Lowers a layer to its call, with shared weights in memory once. Layers that share weights and do the same to equal
 * shapes are one call; where shapes or attributes differ, each lowering gets tensors of its own over the same data, to
 * keep or to dispose as any other does (what an op keeps in another layout is then there once a lowering). The data go
 * with the last of them.
 */
function lowerer(tf: typeof tfjs, layers: readonly InferredLayer[], { parameterOf }: TfjsOptions): (inferred: InferredLayer) => TfjsCall {
  const keyOf = ({ layer, inputs }: InferredLayer) => JSON.stringify([ownerOf(layer), layer.attributes, inputs])
  const owners = new Set(layers.flatMap(({ layer }) => layer.weightsOf ?? []))
  const shared = layers.filter(({ layer }) => owners.has(ownerOf(layer)))
  // How many more times the parameters of an owner are asked for.
  const asks = new Map<string, number>()
  for (const key of new Set(shared.map(keyOf))) {
    const owner = (JSON.parse(key) as [string])[0]
    asks.set(owner, (asks.get(owner) ?? 0) + 1)
  }
  const calls = new Map<string, TfjsCall>()
  const constants = new ConstantBudget()
  const waiting = new Map<string, Record<string, tfjs.Tensor>>()

  const parametersFor = ({ layer, inputs }: InferredLayer): Record<string, tfjs.Tensor> => {
    const owner = ownerOf(layer)
    const left = (asks.get(owner) ?? 1) - 1
    asks.set(owner, left)
    const there =
      waiting.get(owner) ??
      Object.fromEntries(
        parametersOf(layer, inputs).map((parameter) => [
          parameter.name,
          tf.tensor(parameterOf(owner, parameter), [...parameter.shape], 'float32'),
        ]),
      )
    if (left === 0) return there
    waiting.set(owner, there)
    return Object.fromEntries(Object.entries(there).map(([name, tensor]) => [name, tf.reshape(tensor, tensor.shape)]))
  }

  return (inferred) => {
    const { layer, inputs, outputs } = inferred
    const key = owners.has(ownerOf(layer)) ? keyOf(inferred) : undefined
    const known = key === undefined ? undefined : calls.get(key)
    if (known) return known
    const call = opOf(layer.type).tfjs(tf, {
      inputs,
      outputs,
      attributes: layer.attributes,
      parameters: parametersFor(inferred),
      reserve: (shape) => constants.take(shape, layer),
    })
    if (key !== undefined) calls.set(key, call)
    return call
  }
}

/** Runs `make` and collects the tensors it made that are still alive; what it frees itself is left out. */
function collect(tf: typeof tfjs, make: () => TfjsCall): { call: TfjsCall; made: tfjs.Tensor[] } {
  const engine = tf.engine()
  engine.startScope('lower')
  let made: tfjs.Tensor[] = []
  try {
    const call = make()
    made = engine.state.activeScope.track.filter((tensor: tfjs.Tensor) => !tensor.isDisposed)
    return { call, made }
  } finally {
    engine.endScope(made)
  }
}

function execute(
  tf: typeof tfjs,
  steps: readonly Step[],
  outputs: readonly string[],
  inputs: Readonly<Record<string, tfjs.Tensor>>,
  observe?: (layerId: string, outputs: readonly tfjs.Tensor[]) => void,
): tfjs.Tensor[] {
  return tf.tidy(() => {
    const alive = new Map(Object.entries(inputs))
    for (const { id, call, inputs: from, outputs: to, free } of steps) {
      const read = from.map((name) => alive.get(name) as tfjs.Tensor)
      const made = tf.tidy(() => {
        const result = call(read)
        const list = Array.isArray(result) ? result : [result]
        // A layer that passes a tensor on gives it a second life of its own. A reshape shares the data on every back
        // end, where clone copies it on wasm.
        return list.map((tensor) => (read.includes(tensor) ? tf.reshape(tensor, tensor.shape) : tensor))
      })
      to.forEach((name, o) => alive.set(name, made[o]!))
      observe?.(id, made)
      for (const name of free) {
        ;(alive.get(name) as tfjs.Tensor).dispose()
        alive.delete(name)
      }
    }
    return outputs.map((name) => {
      const tensor = alive.get(name) as tfjs.Tensor
      return toEngineOrder(tf, tensor)
    })
  })
}
