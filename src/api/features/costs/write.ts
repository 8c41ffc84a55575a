import { type CostOptions, type CostTotals, computeCosts } from '../../../engine/cost.ts'
import { type ExplainOptions, type Explanation, explainCosts } from '../../../engine/explain-costs.ts'
import type { Graph } from '../../../engine/graph.ts'
import { type Packed, unpack } from '../../../store/packed.ts'
import { csv } from '../../csv.ts'

export type CostFormat = 'json' | 'csv'

const csvColumns = [
  'id',
  'type',
  'inputs',
  'outputShape',
  'outputElements',
  'memoryKiB',
  'params',
  'macs',
  'flops',
  'bytesRead',
  'bytesWritten',
  'arithmeticIntensity',
  'receptiveField',
  'effectiveStride',
] as const

/**
 * The costs of a stored graph as bytes to send: JSON whole, or CSV with a row a layer, each naming the convention it
 * counts by. @throws EngineError as `computeCosts` does.
 */
export function writeCosts({ graph, options, format }: { graph: Packed; options: CostOptions; format: CostFormat }): Uint8Array {
  const costs = computeCosts(unpack(graph) as Graph, options)
  if (format === 'json') return Buffer.from(JSON.stringify(costs))
  const cell = (value: unknown): string | number =>
    value === null ? '' : Array.isArray(value) ? value.join(typeof value[0] === 'number' ? 'x' : ' ') : (value as string | number)
  const rows = costs.layers.map((layer) => [...csvColumns.map((column) => cell(layer[column])), costs.convention, costs.batch, costs.dtype])
  return Buffer.from(csv([...csvColumns, 'convention', 'batch', 'dtype'], rows))
}

/** The sums over all layers of a stored graph. @throws EngineError as `computeCosts` does. */
export const costTotals = ({ graph, options }: { graph: Packed; options: CostOptions }): CostTotals =>
  computeCosts(unpack(graph) as Graph, options).totals

/** Why two conventions differ over a stored graph. @throws EngineError as `explainCosts` does. */
export const explainGraph = ({ graph, options }: { graph: Packed; options: ExplainOptions }): Explanation =>
  explainCosts(unpack(graph) as Graph, options)
