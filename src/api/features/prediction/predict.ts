import type { Graph } from '../../../engine/graph.ts'
import { featuresOf, type LayerKind, macsOf } from '../../../engine/prediction/features.ts'
import { type LatencyModel, latencyByKind } from '../../../engine/prediction/model.ts'
import type { Precision } from '../../../gpu/contract.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface PredictTask {
  graph: Packed
  model: LatencyModel
  batch: number
  precision: Precision
}

/** A prediction for a stored graph; times in ms. */
export interface Predicted {
  byKind: { kind: LayerKind; layers: number; ms: number }[]
  /** 10^6 multiply-adds of the call. */
  macs: number
}

/** @throws EngineError as `computeCosts` does. */
export function predict({ graph, model, batch, precision }: PredictTask): Predicted {
  const layers = featuresOf(unpack(graph) as Graph, { batch, dtype: precision })
  return { byKind: latencyByKind(model, layers), macs: macsOf(layers) }
}
