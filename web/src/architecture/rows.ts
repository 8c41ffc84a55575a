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

export function rowsOf(costs: Costs, graph: Graph | undefined): Row[] {
  const shapes = new Map(costs.inputs.map(({ id, shape }) => [id, shape]))
  const layers = new Map(graph?.layers.map((layer) => [layer.id, layer]))
  for (const { id, outputShape } of costs.layers) shapes.set(id, outputShape)
  return costs.layers.map((cost) => {
    const layer = layers.get(cost.id)
    return {
      cost,
      layer,
      input: cost.inputs[0] === undefined ? undefined : shapes.get(cost.inputs[0]),
      filters: layer?.outChannels ?? layer?.outFeatures,
      stage: cost.outputShape.length >= 3 ? cost.outputShape.slice(1).join('×') : 'classifier',
    }
  })
}

/** Only what the lecture's table shows: layers that cost parameters or flops. */
export const costly = (row: Row): boolean => row.cost.params > 0 || row.cost.flops > 0
