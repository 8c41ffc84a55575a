import { type CostComparison, compareCosts } from '../../../engine/compare-costs.ts'
import type { CostOptions } from '../../../engine/cost.ts'
import { EngineError } from '../../../engine/errors.ts'
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
    subjects.map((subject, i) => ({
      name: subject.name,
      graph: 'preset' in subject ? presetGraph(subject.preset, `/architectures/${i}`) : (unpack(subject.graph) as Graph),
    })),
    options,
  )

/** A preset's network. @throws EngineError UNKNOWN_ZOO_PRESET at the path of the query that names it. */
function presetGraph(preset: string, path: string): Graph {
  try {
    return verifyGraph(expandZoo({ preset }).spec)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new EngineError(
      error.code,
      error.message,
      error.errors.map((violation) => ({ ...violation, path })),
    )
  }
}
