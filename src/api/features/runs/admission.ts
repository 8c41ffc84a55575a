import { schemaViolations } from '../../../engine/schema-violations.ts'
import type { BackendName, RuntimeName } from '../../../gpu/contract.ts'
import type { Device } from '../../../gpu/devices/device.ts'
import { unfollowed } from '../../../gpu/runtimes/settings.ts'
import { rounds as defaultRounds } from '../../../gpu/timing/compare.ts'
import { MOST_SHARED_PRIORITY, type NewRun as StoredRun } from '../../../store/index.ts'
import { challenge, type Role } from '../../access/roles.ts'
import { canonicalHash } from '../../canonical.ts'
import { ApiError, invalidRequest, type Violation } from '../../errors.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import type { CostService } from '../costs/service.ts'
import type { DeviceService } from '../devices/service.ts'
import { NewRun } from './request-schema.ts'
import { type Side, sidesOf, sideViolations } from './sides.ts'

/** A request for a run with every default written out. */
export interface ReadRun {
  a: Side
  b: Side | null
  rounds: number | null
  /** As asked for; left out where the service chooses. */
  device?: string
  profile: boolean
  timeoutMs: number
  priority: number
  labels: Record<string, string>
  fresh: boolean
}

/** A side that its device and runtime accept. */
interface Admitted {
  device: Pick<Device, 'name' | 'uuid' | 'host' | 'driver'>
  /** What executes it, and its version. */
  runtime: RuntimeName
  backend: BackendName
  version: string
  weights: 'seeded' | 'file'
  /** Of the architecture's content. */
  digest: string
  /** Of one call with the whole batch. */
  macs: number
  /** What was chosen where the request left it open. */
  notes: string[]
}

/** A run to be stored, and what was chosen for it. */
export interface Plan {
  run: StoredRun & { measurement: string }
  notes: string[]
}

/** @throws ApiError INVALID_REQUEST with every violation. */
export function readRun(request: NewRun): ReadRun {
  const sides = sidesOf(request)
  const violations = [...schemaViolations(NewRun, request), ...sideViolations(request, sides)]
  if (violations.length > 0) throw invalidRequest('request', violations)
  const { profile = false, timeoutMs = 600_000, priority = 0, labels = {}, fresh = false, device } = request
  const rounds = sides.b && (request.rounds ?? defaultRounds.default)
  return { ...sides, rounds, ...(device === undefined ? {} : { device }), profile, timeoutMs, priority, labels, fresh }
}

/** Checks whether a run may be queued, and completes it. */
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
   *   UNSUPPORTED_BY_RUNTIME, NO_WEIGHTS; EngineError INVALID_BATCH, INVALID_RESOLUTION, COST_OVERFLOW.
   */
  async plan({ a, b, rounds, profile, timeoutMs, priority, labels, device: name }: ReadRun): Promise<Plan> {
    const admitted = await this.#admit(a, name, profile, '')
    const { device, notes } = admitted
    // Side b runs on the same device, by the same runtime where it names none.
    const other = b && (await this.#admit({ runtime: admitted.runtime, ...b }, device.uuid, profile, '/against'))
    const chosen = ({ runtime, backend, weights }: Admitted) => ({ runtime, backend, weights })
    const own = { ...a, ...chosen(admitted) }
    const opposite = b && other && { ...b, ...chosen(other) }
    // Everything that determines a result. Two architectures with the same content are one network.
    const measurement = canonicalHash({
      device: device.uuid,
      driver: device.driver,
      a: { ...own, architectureId: admitted.digest, version: admitted.version },
      ...(opposite ? { b: { ...opposite, architectureId: other.digest, version: other.version }, rounds } : {}),
      profile,
    })
    const { architectureId: againstArchitectureId, ...against } = opposite ?? { architectureId: null }
    const run = {
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
    return { run, notes }
  }

  /**
   * The device, if it and the runtime accept this side.
   * @param path of the side in the request.
   */
  async #admit(side: Side, deviceName: string | undefined, profile: boolean, path: string): Promise<Admitted> {
    const { precision, settings, batch, resolution, sizes } = side
    const architecture = await this.#architectures.get(side.architectureId)
    const { device, support, notes } = await this.#devices.choose({ ...side, device: deviceName })
    const { runtime, backend, version, capabilities } = support
    const weights = weightsOf(side, architecture)
    const refusals = [
      ...(weights === 'file' && runtime === 'onnxruntime' ? fileRefusals(side, architecture, path) : []),
      ...(capabilities.precisions.includes(precision)
        ? []
        : [{ path: `${path}/precision`, message: `precision ${precision} is not offered: use ${capabilities.precisions.join(' or ')}` }]),
      ...(profile && !capabilities.perLayer
        ? [
            {
              path: '/profile',
              message: 'it cannot profile by layer: leave profile out, or choose a runtime whose perLayer is true in GET /v1/devices',
            },
          ]
        : []),
      ...(settings.threads > capabilities.maxThreads
        ? [{ path: `${path}/settings/threads`, message: `it takes at most ${capabilities.maxThreads} threads: ask for fewer, or for 0` }]
        : []),
      ...unfollowed(settings, capabilities.settings).map(({ setting, message }) => ({ path: `${path}/settings/${setting}`, message })),
    ]
    if (refusals.length > 0) throw new ApiError('UNSUPPORTED_BY_RUNTIME', `${runtime} on ${device.name}: ${refusals[0]!.message}`, refusals)
    const asRegistered = batch === 1 && !resolution && !sizes && device.kind === 'cpu'
    const { macs, tooLarge } = asRegistered
      ? { macs: architecture.counts.macs, tooLarge: null }
      : await this.#costs.ofCall(architecture.id, { batch, ...(resolution ? { resolution } : {}) }, device.kind, sizes ?? {})
    if (tooLarge)
      throw new ApiError('UNSUPPORTED_BY_RUNTIME', `${runtime} on ${device.name}: ${tooLarge}`, [
        { path: `${path}/batch`, message: tooLarge },
      ])
    return { device, runtime, backend, version, weights, digest: architecture.digest, macs, notes }
  }
}

/** @throws ApiError NO_WEIGHTS where the file's are asked for and there are none. */
function weightsOf({ weights }: Side, { id, source }: Architecture): 'seeded' | 'file' {
  const own = 'file' in source && source.file !== null
  if (weights === 'file' && !own)
    throw new ApiError(
      'NO_WEIGHTS',
      `architecture ${id} ${source.kind === 'onnx' ? 'comes from a file without weights' : 'was not registered from an ONNX file'}: leave weights out, or register an ONNX file that carries them`,
    )
  return weights ?? (own ? 'file' : 'seeded')
}

/** Options that do not apply to a file that is run directly. */
function fileRefusals({ batch, resolution, precision, settings }: Side, { source }: Architecture, path: string): Violation[] {
  const own = 'report' in source ? (source.report?.batch ?? 'symbolic') : 'symbolic'
  const instead = 'ask for runtime tfjs, which runs our form of the network with the same weights, or for weights: "seeded"'
  return [
    ...(own !== 'symbolic' && own !== batch
      ? [{ path: `${path}/batch`, message: `the file is run unchanged and works at batch ${own} only: ask for that batch, or ${instead}` }]
      : []),
    ...(resolution && !('sizes' in source && source.sizes)
      ? [{ path: `${path}/resolution`, message: `the file is run unchanged, at its own resolution: leave resolution out, or ${instead}` }]
      : []),
    ...(settings.mode === 'endToEnd'
      ? []
      : [
          {
            path: `${path}/settings/mode`,
            message: `mode ${settings.mode} adds to the network, but the file is run unchanged: leave mode out, or ask for weights: "seeded"`,
          },
        ]),
    ...(precision === 'float32'
      ? []
      : [{ path: `${path}/precision`, message: `the file is run unchanged: leave precision out, or ${instead}` }]),
  ]
}

/** The highest priority that a role may ask for: one above a runner's goes before all of theirs. */
const mostPriority: Readonly<Record<Role, number>> = { reader: 0, runner: MOST_SHARED_PRIORITY, admin: 100 }

/** @throws ApiError FORBIDDEN where the role does not reach so far. */
export function requirePriority(priority: number, role: Role): void {
  const most = mostPriority[role]
  if (priority <= most) return
  const message = `priority is ${priority}, and a ${role}’s go up to ${most}: more takes a key of the role admin`
  throw new ApiError('FORBIDDEN', message, [{ path: '/priority', message }], challenge('insufficient_scope', 'admin'))
}
