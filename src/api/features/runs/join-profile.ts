import type { CostOptions } from '../../../engine/cost.ts'
import type { CostDtype } from '../../../engine/dtypes.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { RunProfile } from '../../../gpu/contract.ts'
import { type Roofline, rooflineOf } from '../../../gpu/roofline.ts'
import { runDtype } from '../../../gpu/run-dtype.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface RooflineTask {
  graph: Packed
  profile: RunProfile
  options: Pick<CostOptions, 'batch' | 'resolution'>
  /** What decides the types of its tensors. */
  run: Parameters<typeof runDtype>[1]
}

/** A profile joined to its stored graph. @throws EngineError as `rooflineOf` does. */
export function joinProfile({ graph: packed, profile, options, run }: RooflineTask): Roofline & { dtype: CostDtype } {
  const graph = unpack(packed) as Graph
  const dtype = runDtype(graph, run)
  return { dtype, ...rooflineOf(graph, profile, profile.ceilings, { ...options, dtype }) }
}
