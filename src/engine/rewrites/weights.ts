import type { Graph } from '../graph.ts'
import { type InferredLayer, inferShapes } from '../infer.ts'
import type { Parameter } from '../op.ts'
import { numel, sameShape } from '../shape.ts'
import { ownerOf, parametersOf } from '../shared-weights.ts'
import { seededParameter } from '../weights.ts'
import type { EditableNetwork } from './network.ts'

/**
 * Where the numbers of a rewritten network come from: `kept` as they were, `derived` from others by a formula, or `new`,
 * so that they must be learned.
 */
export const weightOrigins = ['kept', 'derived', 'new'] as const
export type WeightOrigin = (typeof weightOrigins)[number]

/** Values of a network’s parameters; null where there are none. */
export type ParameterSource = (layerId: string, parameter: Parameter) => Float32Array | null

/** What is known of each parameter after a step. */
export interface WeightPlan {
  originOf(layerId: string, parameter: string): WeightOrigin
  /** The source of the rewritten network’s values, given that of the network before. Null for what is new. */
  valuesFrom(source: ParameterSource): ParameterSource
  /** How far approximated parameters are from what they stand for, of those that were computed. */
  approximations(): Approximation[]
}

export interface Approximation {
  layerId: string
  /** ‖A − A′‖ / ‖A‖, Frobenius. */
  relativeError: number
}

/** The plan that changes nothing. */
export const unchanged: WeightPlan = { originOf: () => 'kept', valuesFrom: (source) => source, approximations: () => [] }

const byLayer = (inferred: readonly InferredLayer[]): Map<string, InferredLayer> => new Map(inferred.map((each) => [each.layer.id, each]))

/** The plan of one step from the graph before to the graph after, put behind that of the steps before it. */
export function planOf(network: EditableNetwork, after: Graph, earlier: WeightPlan): WeightPlan {
  const before = byLayer(inferShapes(network.before))
  const origins = new Map<string, WeightOrigin>()
  const key = (layerId: string, parameter: string): string => `${layerId} ${parameter}`
  const parameterBefore = (layerId: string, name: string): Parameter | undefined => {
    const found = before.get(layerId)
    return found && parametersOf(found.layer, found.inputs).find((each) => each.name === name)
  }
  for (const { layer, inputs } of inferShapes(after))
    for (const { name, shape } of parametersOf(layer, inputs)) {
      const derivation = network.derivations.get(layer.id)?.get(name)
      const old = before.get(layer.id)
      const was = parameterBefore(layer.id, name)
      if (derivation) {
        const from = derivation.from.map((each) => earlier.originOf(each.layerId, each.parameter))
        origins.set(key(layer.id, name), from.includes('new') ? 'new' : 'derived')
      } else if (old && was && old.layer.type === layer.type && sameShape(was.shape, shape) && !network.renewed.has(layer.id))
        origins.set(key(layer.id, name), earlier.originOf(ownerOf(layer), name))
      else origins.set(key(layer.id, name), 'new')
    }
  const originOf = (layerId: string, parameter: string): WeightOrigin => origins.get(key(layerId, parameter)) ?? 'new'
  return {
    originOf,
    approximations: () => [
      ...earlier.approximations(),
      ...[...network.derivations].flatMap(([layerId, of]) =>
        [...of.values()].flatMap(({ relativeError }) => {
          const error = relativeError?.() ?? null
          return error === null ? [] : [{ layerId, relativeError: error }]
        }),
      ),
    ],
    valuesFrom: (source) => {
      const sourceBefore = earlier.valuesFrom(source)
      return (layerId, parameter) => {
        if (originOf(layerId, parameter.name) === 'new') return null
        const derivation = network.derivations.get(layerId)?.get(parameter.name)
        if (!derivation) return sourceBefore(layerId, parameter)
        const values = derivation.from.map((each) => sourceBefore(each.layerId, parameterBefore(each.layerId, each.parameter) as Parameter))
        return values.includes(null) ? null : derivation.compute(values as Float32Array[])
      }
    },
  }
}

/** Seeded values, as a network without weights of its own is run with. */
export const seededSource =
  (seed: number): ParameterSource =>
  (layerId, parameter) =>
    seededParameter(seed, layerId, parameter)

/** Elements of the learned parameters and running statistics of a graph, by origin. */
export function countOrigins(graph: Graph, plan: WeightPlan): Record<WeightOrigin, number> {
  const counts: Record<WeightOrigin, number> = { kept: 0, derived: 0, new: 0 }
  for (const { layer, inputs } of inferShapes(graph))
    if (layer.weightsOf === undefined)
      for (const { name, shape } of parametersOf(layer, inputs)) counts[plan.originOf(layer.id, name)] += numel(shape)
  return counts
}
