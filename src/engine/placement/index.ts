import type { CostOptions } from '../cost.ts'
import type { CostDtype } from '../dtypes.ts'
import { EngineError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import type { Placed } from './placement.ts'
import { placeStages } from './stages.ts'
import { placeTowers } from './towers.ts'
import { type PlacementCeilings, type PlacementCost, workOf } from './work.ts'

export type { Placed, PlacedPart, Transfer } from './placement.ts'
export { type PlacementCeilings, type PlacementCost, placementCosts } from './work.ts'

export const placementWays = ['stage', 'tower'] as const
export type PlacementWay = (typeof placementWays)[number]

export interface PlacementOptions extends CostOptions {
  /** 1 to `mostDevices`. */
  devices: number
  /** Default `stage`. */
  by?: PlacementWay
  /** What is balanced. Default `macs`. */
  cost?: PlacementCost
  /** Needed by, and only for, `time`. */
  ceilings?: PlacementCeilings | null
  /** What a byte between devices costs, in the unit of `cost`; with `time` the ceilings say it. Default 0. */
  perByte?: number
}

export const mostDevices = 64

/** How a network is split over devices, and what each of them gets. */
export interface Placement extends Placed {
  by: PlacementWay
  devices: number
  cost: PlacementCost
  unit: 'macs' | 'flops' | 'params' | 'bytes' | 'ms'
  perByte: number
  convention: string
  batch: number
  dtype: CostDtype
  /** Sum of the cost over all devices. */
  total: number
  /** Of what devices could do while the slowest, or the slowest link, works: total / (devices × bottleneck). 1: nobody waits. */
  balance: number
}

const units = { macs: 'macs', flops: 'flops', params: 'params', bytes: 'bytes', time: 'ms' } as const

/**
 * Splits a network over devices: by stage, in consecutive parts cut where the slowest is as fast as can be; by tower, along channels.
 * @throws EngineError INVALID_PLACEMENT where there are fewer layers than devices; as `computeCosts` does.
 */
export function placeNetwork(graph: Graph, options: PlacementOptions): Placement {
  const { devices, by = 'stage', cost = 'macs', ceilings = null, perByte = 0, ...costing } = options
  if (by === 'stage' && devices > graph.layers.length) {
    const message = `${graph.layers.length} layers cannot be cut into ${devices} parts: ask for at most ${graph.layers.length} devices`
    throw new EngineError('INVALID_PLACEMENT', message, [{ path: '/devices', layerId: null, message }])
  }
  const work = workOf(graph, costing, cost, ceilings, perByte)
  const placed = by === 'stage' ? placeStages(work, devices) : placeTowers(work, devices)
  const total = placed.parts.reduce((sum, part) => sum + part.cost, 0)
  const { convention, batch, dtype } = work.costs
  const slowest = devices * placed.bottleneck.cost
  return {
    ...{ by, devices, cost, unit: units[cost], perByte: work.perByte, convention, batch, dtype, total },
    balance: slowest > 0 ? total / slowest : 1,
    ...placed,
  }
}
