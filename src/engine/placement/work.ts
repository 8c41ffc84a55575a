import { type CostOptions, type Costs, computeCosts, type LayerCost } from '../cost.ts'
import { exact } from '../exact.ts'
import type { Graph, Layer } from '../graph.ts'
import { type InferredLayer, inferShapes } from '../infer.ts'
import { type BufferLife, bufferLives } from '../memory/lives.ts'
import { opOf } from '../ops/index.ts'
import { numel } from '../shape.ts'
import { countedFor, parametersOf } from '../shared-weights.ts'
import { defaultDtype, type Widths, widthsOf } from '../widths.ts'

/** What can be balanced over devices: a column of the costs, or the time on the roofline of a device. */
export const placementCosts = ['macs', 'flops', 'params', 'bytes', 'time'] as const
export type PlacementCost = (typeof placementCosts)[number]

/** What devices and the links between them can do at most. */
export interface PlacementCeilings {
  flopsPerSecond: number
  bytesPerSecond: number
  /** Of one link, each way. */
  linkBytesPerSecond: number
}

/** A layer as it is placed. */
export interface PlacedLayer extends InferredLayer {
  row: LayerCost
  /** Parameters and buffers that it owns, bytes. */
  ownBytes: number
  /** Those that it computes with: as many, or another layer's. */
  readBytes: number
  /** What is balanced. */
  cost: number
}

/** A network ready to be placed. */
export interface Work {
  graph: Graph
  costs: Costs
  layers: PlacedLayer[]
  /** Activations, where outputs of the network are given away as soon as nobody reads them. */
  buffers: BufferLife[]
  widths: Widths
  options: CostOptions
  /** What a byte between devices costs, in the unit of `cost`. */
  perByte: number
}

/** @throws EngineError as `computeCosts` does. */
export function workOf(graph: Graph, options: CostOptions, cost: PlacementCost, ceilings: PlacementCeilings | null, perByte: number): Work {
  const costs = computeCosts(graph, options)
  const full = cost === 'time' ? computeCosts(graph, { ...options, convention: 'full' }) : costs
  const inferred = inferShapes(graph, options)
  const widths = widthsOf(graph, options.dtype ?? defaultDtype(graph))
  const layers = inferred.map((each, i) => {
    const { layer, inputs } = each
    let [ownBytes, readBytes] = [0, 0]
    for (const parameter of parametersOf(layer, inputs)) {
      ownBytes = exact(ownBytes + widths.parameterBytes(layer, parameter.name, countedFor(layer, parameter)))
      readBytes = exact(readBytes + widths.parameterBytes(layer, parameter.name, numel(parameter.shape)))
    }
    return { ...each, row: costs.layers[i]!, ownBytes, readBytes, cost: costOf(full.layers[i]!, cost, ceilings) }
  })
  const sizes = { size: widths.outputBytes, isView: widths.isView }
  // An input that nobody reads would stay to the end.
  const buffers = bufferLives({ ...graph, outputs: [] }, inferred, options, sizes).buffers.filter(({ to }) => to < layers.length)
  return { graph, costs, layers, buffers, widths, options, perByte: ceilings ? 1000 / ceilings.linkBytesPerSecond : perByte }
}

/** In `time` ms: the longer of arithmetic, as the convention `full` counts it, and of moving bytes. */
function costOf(row: LayerCost, cost: PlacementCost, ceilings: PlacementCeilings | null): number {
  const bytes = row.bytesRead + row.bytesWritten
  if (cost === 'bytes') return bytes
  if (cost !== 'time') return row[cost]
  return 1000 * Math.max(row.flops / ceilings!.flopsPerSecond, bytes / ceilings!.bytesPerSecond)
}

/** Whether the output of a layer is a weight. */
export const isStored = ({ type }: Layer): boolean => opOf(type).stored === true
