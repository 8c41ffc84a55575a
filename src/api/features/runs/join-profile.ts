import type { CostOptions } from '../../../engine/cost.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { RunProfile } from '../../../gpu/contract.ts'
import { type Roofline, rooflineOf } from '../../../gpu/roofline.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface RooflineTask {
  graph: Packed
  profile: RunProfile
  options: Pick<CostOptions, 'batch' | 'resolution' | 'dtype'>
}

/** A profile joined to its stored graph. @throws EngineError as `rooflineOf` does. */
export const joinProfile = ({ graph, profile, options }: RooflineTask): Roofline =>
  rooflineOf(unpack(graph) as Graph, profile, profile.ceilings, options)
