import type { MemoryOptions } from '../../../engine/memory/index.ts'
import { invalidRequest, type Violation } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService, StoredArchitecture } from '../architectures/service.ts'
import { readAsked, readResolution } from '../costs/service.ts'
import type { DeviceService } from '../devices/service.ts'
import type { MemoryAnswer, MemoryQuery } from './schema.ts'

/** What of a network is in memory when, and the largest batch that fits. */
export class MemoryService {
  readonly #architectures: ArchitectureService
  readonly #devices: Pick<DeviceService, 'memoryOf'>
  readonly #pool: EnginePool

  constructor({
    architectures,
    devices,
    pool,
  }: { architectures: ArchitectureService; devices: Pick<DeviceService, 'memoryOf'>; pool: EnginePool }) {
    this.#architectures = architectures
    this.#devices = devices
    this.#pool = pool
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND; as `of` does. */
  async byId(id: string, query: MemoryQuery): Promise<MemoryAnswer> {
    check(query)
    return this.of(await this.#architectures.stored(id), query)
  }

  /**
   * @throws ApiError INVALID_REQUEST where an option does not go with the others, DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE, OVERLOADED;
   *   EngineError as `memoryTimeline` does.
   */
  async of(stored: StoredArchitecture, query: MemoryQuery): Promise<MemoryAnswer> {
    check(query)
    const { mode = 'inference', batch = 1, resolution, dims, dtype, optimizer, segments, device } = query
    const there = device === undefined ? null : await this.#devices.memoryOf(device)
    const size = resolution === undefined ? undefined : readResolution(resolution)
    const other = await this.#architectures.atSizes(stored, { resolution: size, ...readAsked({ dims }) })
    const options: MemoryOptions = {
      ...{ mode, batch },
      ...(size === undefined || other ? {} : { resolution: size }),
      ...(dtype === undefined ? {} : { dtype }),
      ...(optimizer === undefined ? {} : { optimizer }),
      ...(segments === undefined ? {} : { segments: segments === 'sqrt' ? 'sqrt' : Number(segments) }),
    }
    const { fit, ...memory } = await this.#pool.memory(other ?? stored, options, there?.bytes ?? query.bytes ?? null)
    return { ...memory, fit: fit && { device: there?.address ?? null, ...fit } }
  }
}

function check({ mode = 'inference', optimizer, segments, device, bytes }: MemoryQuery): void {
  const violations: Violation[] = []
  if (mode === 'inference')
    for (const [name, value] of Object.entries({ optimizer, segments }))
      if (value !== undefined) violations.push({ path: `/${name}`, message: `${name} is for mode=training: ask for that, or leave it out` })
  if (device !== undefined && bytes !== undefined)
    violations.push({ path: '/bytes', message: 'device and bytes both say what there is: give one' })
  if (violations.length > 0) throw invalidRequest('request', violations)
}
