import { createHash } from 'node:crypto'
import { explain } from '../../../engine/explain.ts'
import type { BackendName } from '../../../gpu/contract.ts'
import type { Device } from '../../../gpu/devices.ts'
import { unfollowed } from '../../../gpu/runtime-settings.ts'
import { rounds as defaultRounds } from '../../../gpu/timing/compare.ts'
import type { NewRun as StoredRun } from '../../../store/index.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import type { CostService } from '../costs/service.ts'
import type { DeviceService } from '../devices/service.ts'
import { NewRun } from './schema.ts'
import { type Side, sideProblems, sidesOf } from './sides.ts'

/** A request for a run with every default written out. */
export interface ReadRun {
  a: Side
  b: Side | null
  rounds: number | null
  device: string
  profile: boolean
  timeoutMs: number
  priority: number
  labels: Record<string, string>
  fresh: boolean
}

/** A side that its device and runtime take. */
interface Admitted {
  device: Pick<Device, 'name' | 'uuid' | 'host' | 'driver'>
  /** The back end that it gets, and the version of the runtime with it. */
  backend: BackendName
  version: string
  /** Of the architecture's content. */
  digest: string
  /** Of one call with the whole batch. */
  macs: number
}

/** Names something by its content, whatever the order of its keys. */
export function hashOf(content: object): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(content, sorted)).digest('hex')
}

/** @throws ApiError INVALID_REQUEST with every problem. */
export function readRun(request: NewRun): ReadRun {
  const sides = sidesOf(request)
  const problems = [...explain(NewRun, request), ...sideProblems(request, sides)]
  if (problems.length > 0) throw invalidRequest('body', problems)
  const { profile = false, timeoutMs = 600_000, priority = 0, labels = {}, fresh = false, device } = request
  const rounds = sides.b && (request.rounds ?? defaultRounds.default)
  return { ...sides, rounds, device, profile, timeoutMs, priority, labels, fresh }
}

/** Whether a run may be queued, and as what. */
export class RunAdmission {
  readonly #architectures: ArchitectureService
  readonly #costs: CostService
  readonly #devices: DeviceService

  constructor({ architectures, costs, devices }: { architectures: ArchitectureService; costs: CostService; devices: DeviceService }) {
    this.#architectures = architectures
    this.#costs = costs
    this.#devices = devices
  }

  /**
   * The run as it is stored.
   * @throws ApiError ARCHITECTURE_NOT_FOUND, DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE, DEVICE_UNAVAILABLE,
   *   UNSUPPORTED_BY_RUNTIME; EngineError INVALID_RESOLUTION, COST_OVERFLOW.
   */
  async plan({ a, b, rounds, profile, timeoutMs, priority, labels, device: name }: ReadRun): Promise<StoredRun & { measurement: string }> {
    const admitted = await this.#admit(a, name, profile, '')
    const other = b && (await this.#admit(b, name, profile, '/against'))
    const { device } = admitted
    // The back end was chosen where it was not named.
    const own = { ...a, backend: admitted.backend }
    const opposite = b && other && { ...b, backend: other.backend }
    // Everything that decides a result, whoever asks: two architectures of one content are one network.
    const measurement = hashOf({
      device: device.uuid,
      driver: device.driver,
      a: { ...own, architectureId: admitted.digest, version: admitted.version },
      ...(opposite ? { b: { ...opposite, architectureId: other.digest, version: other.version }, rounds } : {}),
      profile,
    })
    const { architectureId: againstArchitectureId, ...against } = opposite ?? { architectureId: null }
    return {
      ...own,
      device: device.name,
      deviceUuid: device.uuid,
      host: device.host,
      profile,
      timeoutMs,
      priority,
      labels,
      measurement,
      ...(b ? { against, againstArchitectureId, rounds } : { macs: admitted.macs }),
    }
  }

  /**
   * The device, where it and the runtime take this side.
   * @param path of the side in the request.
   */
  async #admit(side: Side, deviceName: string, profile: boolean, path: string): Promise<Admitted> {
    const { runtime, backend, precision, settings, batch, resolution } = side
    const architecture = await this.#architectures.get(side.architectureId)
    const { device, support } = await this.#devices.find(deviceName, runtime, backend)
    const { capabilities } = support
    const refusals = [
      ...(capabilities.precisions.includes(precision)
        ? []
        : [{ path: `${path}/precision`, message: `precision ${precision} is not offered: use ${capabilities.precisions.join(' or ')}` }]),
      ...(profile && !capabilities.perLayer ? [{ path: '/profile', message: 'it cannot profile layer by layer: leave profile out' }] : []),
      ...(settings.threads > capabilities.maxThreads
        ? [{ path: `${path}/settings/threads`, message: `it takes at most ${capabilities.maxThreads} threads: ask for fewer, or for 0` }]
        : []),
      ...unfollowed(settings, capabilities.settings).map(({ setting, message }) => ({ path: `${path}/settings/${setting}`, message })),
    ]
    if (refusals.length > 0) throw new ApiError('UNSUPPORTED_BY_RUNTIME', `${runtime} on ${device.name}: ${refusals[0]!.message}`, refusals)
    const asRegistered = batch === 1 && !resolution
    const macs = asRegistered
      ? architecture.counts.macs
      : await this.#costs.macs(architecture.id, { batch, ...(resolution ? { resolution } : {}) })
    return { device, backend: support.backend, version: support.version, digest: architecture.digest, macs }
  }
}
