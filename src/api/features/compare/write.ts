import { type CostComparison, compareCosts } from '../../../engine/compare-costs.ts'
import type { CostOptions } from '../../../engine/cost.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { RankOptions } from '../../../engine/rank-costs.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import { expandZoo } from '../../../engine/zoo/index.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface CompareTask {
  /** Each a stored graph, or a preset of the zoo. */
  subjects: ({ name: string; graph: Packed } | { name: string; preset: string })[]
  options: CostOptions & RankOptions
}

/** Networks side by side. @throws EngineError as `compareCosts` does, UNKNOWN_ZOO_PRESET. */
export const compareGraphs = ({ subjects, options }: CompareTask): CostComparison =>
  compareCosts(
    subjects.map((subject) => ({
      name: subject.name,
      graph: 'preset' in subject ? verifyGraph(expandZoo({ preset: subject.preset }).spec) : (unpack(subject.graph) as Graph),
    })),
    options,
  )
