import { type CostOptions, computeCosts } from '../../../engine/cost.ts'
import { type ExplainOptions, type Explanation, explainCosts } from '../../../engine/explain-costs.ts'
import { groupTable, layerTable } from '../../../engine/formats/cost-tables.ts'
import { csv } from '../../../engine/formats/csv.ts'
import type { Graph } from '../../../engine/graph.ts'
import { type RankOptions, rankCosts } from '../../../engine/rank-costs.ts'
import type { DeviceKind } from '../../../gpu/devices/device.ts'
import { tensorTooLarge } from '../../../gpu/tensor-limit.ts'
import { type Packed, unpack } from '../../../store/packed.ts'
import { rounded } from '../../digits.ts'

export type CostFormat = 'json' | 'csv'

export interface CostTask {
  graph: Packed
  options: CostOptions
  format: CostFormat
  /** Groups in place of layers; null or absent: layers. */
  rank?: RankOptions | null
  /** Of JSON: whether its layers are wanted; absent: they are. */
  layers?: boolean
  /** Significant digits of fractions in JSON; null or absent: exact. */
  digits?: number | null
}

/**
 * The costs of a stored graph as bytes to send: JSON whole, or CSV with a row a layer or group, each naming the convention it
 * counts by, and whether the total of its file is partial; rows of layers name the type that multiply-adds are computed in.
 * @throws EngineError as `computeCosts` does.
 */
export function writeCosts({ graph, options, format, rank, layers = true, digits }: CostTask): Uint8Array {
  const costs = computeCosts(unpack(graph) as Graph, options)
  const ranking = rank ? rankCosts(costs, rank) : null
  if (format === 'json') {
    const answer = { ...costs, ...(ranking || !layers ? { layers: [] } : {}), ...(ranking ? { ranking } : {}) }
    return Buffer.from(JSON.stringify(digits ? rounded(answer, digits) : answer))
  }
  return Buffer.from(csv(ranking ? groupTable(ranking, costs) : layerTable(costs)))
}

/** What must be known of one call before a run is queued. */
export interface CallCost {
  macs: number
  /** Why the libraries of the device cannot run it, from `tensorTooLarge`; null where they can. */
  tooLarge: string | null
}

/** What one call of a stored graph takes on a kind of device. @throws EngineError as `computeCosts` does. */
export function costOfCall({ graph: packed, options, kind }: { graph: Packed; options: CostOptions; kind: DeviceKind }): CallCost {
  const graph = unpack(packed) as Graph
  return { macs: computeCosts(graph, options).totals.macs, tooLarge: tensorTooLarge(kind, graph, options) }
}

/** Why two conventions differ over a stored graph. @throws EngineError as `explainCosts` does. */
export const explainGraph = ({ graph, options }: { graph: Packed; options: ExplainOptions }): Explanation =>
  explainCosts(unpack(graph) as Graph, options)
