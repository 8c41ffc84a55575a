import type { Graph } from '../../../engine/graph.ts'
import { type Placement, type PlacementOptions, placeNetwork } from '../../../engine/placement/index.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

/** How often a placement costs its network, about. */
export const timesPlaced = 4

/** A stored graph split over devices. @throws EngineError as `placeNetwork` does. */
export const placeStored = ({ graph, options }: { graph: Packed; options: PlacementOptions }): Placement =>
  placeNetwork(unpack(graph) as Graph, options)
