import type { Costs, Graph, GraphLayer, LayerCost } from '../api/types.ts'

/** A layer as the lecture's table has it: what comes in, what it is, what goes out, what it costs. */
export interface Row {
  cost: LayerCost
  layer: GraphLayer | undefined
  /** Shape of the first input, without the batch. */
  input: number[] | undefined
  filters: number | undefined
  /** Height×width of its output: layers in a row that share it are a stage. */
  stage: string
}

/** A layer by what it costs alone, which is there before the graph is. */
export type CostRow = Pick<Row, 'cost' | 'stage'>

export const costRowsOf = (costs: Costs): CostRow[] =>
  costs.layers.map((cost) => ({ cost, stage: cost.outputShape.length >= 3 ? cost.outputShape.slice(1).join('×') : 'classifier' }))

export function rowsOf(costs: Costs, own: CostRow[], graph: Graph | undefined): Row[] {
  const shapes = new Map(costs.inputs.map(({ id, shape }) => [id, shape]))
  const layers = new Map(graph?.layers.map((layer) => [layer.id, layer]))
  for (const { id, outputShape } of costs.layers) shapes.set(id, outputShape)
  return own.map(({ cost, stage }) => {
    const layer = layers.get(cost.id)
    return {
      cost,
      stage,
      layer,
      input: cost.inputs[0] === undefined ? undefined : shapes.get(cost.inputs[0]),
      filters: layer?.outChannels ?? layer?.outFeatures,
    }
  })
}

/** Only what the lecture's table shows: layers that cost parameters or flops. */
export const costly = (row: CostRow): boolean => row.cost.params > 0 || row.cost.flops > 0
