import type { PlacementOptions } from '../../../engine/placement/index.ts'
import { invalidRequest, type Violation } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService, StoredArchitecture } from '../architectures/service.ts'
import { readAsked, readResolution } from '../costs/service.ts'
import type { PlacementAnswer, PlacementQuery } from './schema.ts'

/** Networks split over several devices. */
export class PlacementService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool

  constructor({ architectures, pool }: { architectures: ArchitectureService; pool: EnginePool }) {
    this.#architectures = architectures
    this.#pool = pool
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND; as `of` does. */
  async byId(id: string, query: PlacementQuery): Promise<PlacementAnswer> {
    ceilingsOf(query)
    return this.of(await this.#architectures.stored(id), query)
  }

  /** @throws ApiError INVALID_REQUEST where an option does not go with the others, OVERLOADED; EngineError as `placeNetwork` does. */
  async of(stored: StoredArchitecture, query: PlacementQuery): Promise<PlacementAnswer> {
    const ceilings = ceilingsOf(query)
    const { devices = 2, by = 'stage', cost = 'macs', perByte = 0, convention = 'lecture', batch = 1, resolution, dims, dtype } = query
    const size = resolution === undefined ? undefined : readResolution(resolution)
    const other = await this.#architectures.atSizes(stored, { resolution: size, ...readAsked({ dims }) })
    const options: PlacementOptions = {
      ...{ devices, by, cost, perByte, ceilings, convention, batch },
      ...(size === undefined || other ? {} : { resolution: size }),
      ...(dtype === undefined ? {} : { dtype }),
    }
    return this.#pool.place(other ?? stored, options)
  }
}

/** What devices do at most, where time is balanced. @throws ApiError INVALID_REQUEST where it is said in part, or for another cost. */
function ceilingsOf({ cost, perByte, gflopsPerSecond, gigabytesPerSecond, linkGigabytesPerSecond }: PlacementQuery) {
  const ceilings = { gflopsPerSecond, gigabytesPerSecond, linkGigabytesPerSecond }
  const timed = cost === 'time'
  const violations: Violation[] = Object.entries(ceilings)
    .filter(([, value]) => (value === undefined) === timed)
    .map(([name]) => ({
      path: `/${name}`,
      message: timed
        ? `cost=time needs what devices and links do at most: give ${name}`
        : `${name} is for cost=time: ask for that, or leave it out`,
    }))
  if (timed && perByte !== undefined)
    violations.push({ path: '/perByte', message: 'with cost=time linkGigabytesPerSecond says what a byte costs: leave perByte out' })
  if (violations.length > 0) throw invalidRequest('query', violations)
  if (!timed) return null
  return {
    flopsPerSecond: gflopsPerSecond! * 1e9,
    bytesPerSecond: gigabytesPerSecond! * 1e9,
    linkBytesPerSecond: linkGigabytesPerSecond! * 1e9,
  }
}
