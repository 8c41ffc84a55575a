import type { Graph } from '../../../engine/graph.ts'
import { featuresOf, type LayerKind, macsOf } from '../../../engine/prediction/features.ts'
import { type LatencyModel, latencyByKind, predictLatency } from '../../../engine/prediction/model.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import { expandZoo, presetNames } from '../../../engine/zoo/index.ts'
import type { Precision } from '../../../gpu/contract.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface PredictTask {
  graph: Packed
  model: LatencyModel
  batch: number
  precision: Precision
  resolution?: readonly [number, number]
}

/** A prediction for a stored graph; times in ms. */
export interface Predicted {
  byKind: { kind: LayerKind; layers: number; ms: number }[]
  /** 10^6 multiply-adds of the call. */
  macs: number
  /** Whether the network is of a file that multiplies in types of its own, such as int8: the prediction is not of these. */
  ownTypes: boolean
}

/** @throws EngineError as `computeCosts` does. */
export function predict({ graph: packed, model, batch, precision, resolution }: PredictTask): Predicted {
  const graph = unpack(packed) as Graph
  const layers = featuresOf(graph, { batch, dtype: precision, ...(resolution ? { resolution } : {}) })
  const ownTypes = graph.layers.some(({ dtypes }) => (dtypes?.macs ?? 'float32') !== 'float32')
  return { byKind: latencyByKind(model, layers), macs: macsOf(layers), ownTypes }
}

/** Predicted ms of a call of one image of every preset of the zoo, at its own resolution. Some hundred networks: a second of work. */
export function predictZoo({ model, precision }: Pick<PredictTask, 'model' | 'precision'>): Record<string, number> {
  const graphOf = (preset: string) => verifyGraph(expandZoo({ preset }).spec)
  return Object.fromEntries(presetNames.map((preset) => [preset, predictLatency(model, featuresOf(graphOf(preset), { dtype: precision }))]))
}
