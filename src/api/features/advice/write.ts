import { type Advice, type AdviceOptions, advise } from '../../../engine/advice/advise.ts'
import type { Graph } from '../../../engine/graph.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

/** Advice on a stored graph. @throws EngineError as `advise` does. */
export const adviseStored = ({ graph, options }: { graph: Packed; options: AdviceOptions }): Advice =>
  advise(unpack(graph) as Graph, options)
