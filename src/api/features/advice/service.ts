import type { Advice } from '../../../engine/advice/advise.ts'
import { invalidRequest } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService, StoredArchitecture } from '../architectures/service.ts'
import type { AdviceQuery } from './schema.ts'

/** What dominates a network’s cost, and what would be cheaper. */
export class AdviceService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool

  constructor({ architectures, pool }: { architectures: ArchitectureService; pool: EnginePool }) {
    this.#architectures = architectures
    this.#pool = pool
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND; as `of` does. */
  async byId(id: string, query: AdviceQuery): Promise<Advice> {
    return this.of(await this.#architectures.stored(id), query)
  }

  /** @throws ApiError INVALID_REQUEST where one ceiling comes without the other, OVERLOADED; EngineError as `advise` does. */
  async of(stored: StoredArchitecture, { batch = 1, gflopsPerSecond, gigabytesPerSecond }: AdviceQuery): Promise<Advice> {
    if ((gflopsPerSecond === undefined) !== (gigabytesPerSecond === undefined)) {
      const missing = gflopsPerSecond === undefined ? 'gflopsPerSecond' : 'gigabytesPerSecond'
      throw invalidRequest('query', [{ path: `/${missing}`, message: `the roofline needs both ceilings: give ${missing} as well` }])
    }
    const ceilings =
      gflopsPerSecond === undefined || gigabytesPerSecond === undefined
        ? null
        : { flopsPerSecond: gflopsPerSecond * 1e9, bytesPerSecond: gigabytesPerSecond * 1e9 }
    return this.#pool.advise(stored, { batch, ceilings })
  }
}
