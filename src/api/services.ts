import type { Store } from '../store/index.ts'
import type { Config } from './config.ts'
import { ArchitectureService } from './features/architectures/service.ts'
import { CostService } from './features/costs/service.ts'
import { EnginePool } from './pool/pool.ts'

/** What the faces, REST and GraphQL, have to offer. Neither holds rules of its own. */
export interface Services {
  architectures: ArchitectureService
  costs: CostService
}

export interface ServiceOptions {
  config: Config
  store: Store
  pool: EnginePool
}

export function createServices({ config, store, pool }: ServiceOptions): Services {
  const architectures = new ArchitectureService({ store, pool })
  const costs = new CostService({ architectures, pool, cacheBytes: config.COST_CACHE_BYTES })
  return { architectures, costs }
}

/** The threads that read and cost architectures, as configured. */
export const createPool = (config: Config): EnginePool =>
  new EnginePool({
    threads: config.VERIFY_THREADS,
    limits: { maxLayers: config.MAX_LAYERS, maxElements: config.MAX_ELEMENTS },
    timeoutMs: config.MAX_VERIFY_MS,
  })
