import { isUuid } from '../../../store/index.ts'
import { ApiError } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { readRanking } from '../costs/ranking.ts'
import { readOptions } from '../costs/service.ts'
import type { CompareQuery, CostComparisonAnswer } from './schema.ts'
import type { CompareTask } from './write.ts'

/** Layers that a preset is taken for before it is built. */
const presetLayers = 300

/** Registered architectures and presets of the zoo, side by side. */
export class CompareService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool

  constructor({ architectures, pool }: { architectures: ArchitectureService; pool: EnginePool }) {
    this.#architectures = architectures
    this.#pool = pool
  }

  /**
   * What networks cost beside the first of them; of two also how they differ.
   * @param spend is told how many layers the comparison works through, before it does.
   * @throws ApiError INVALID_REQUEST, ARCHITECTURE_NOT_FOUND; EngineError UNKNOWN_ZOO_PRESET, and as `compareCosts` does.
   */
  async compare(query: CompareQuery, spend: (layers: number) => void = () => {}): Promise<CostComparisonAnswer> {
    const { architectures, groupBy = 'stage', ...rest } = query
    const options = { ...readOptions(query), ...readRanking({ ...rest, groupBy }) }
    const ids = architectures.filter(isUuid)
    const found = await this.#architectures.storedEach(ids)
    const missing = found.find((each) => each instanceof ApiError)
    if (missing) throw missing
    const rows = new Map(ids.map((id, i) => [id, found[i] as Exclude<(typeof found)[number], ApiError>]))
    const layers = architectures.reduce((sum, reference) => sum + (rows.get(reference)?.layerCount ?? presetLayers), 0)
    spend(layers)
    const subjects = architectures.map((reference): CompareTask['subjects'][number] => {
      const row = rows.get(reference)
      return row ? { name: row.name, graph: row.packedGraph } : { name: reference, preset: reference }
    })
    const { networks, ...comparison } = await this.#pool.compare(layers, { subjects, options })
    return {
      ...comparison,
      networks: networks.map((network, i) => ({ architecture: architectures[i]!, ...network })),
    } as CostComparisonAnswer
  }
}
