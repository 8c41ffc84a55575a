import { createHash } from 'node:crypto'
import { explain } from '../../../engine/explain.ts'
import type { Device } from '../../../gpu/devices.ts'
import type { Place, RunQueue } from '../../../gpu/queue.ts'
import { rounds as defaultRounds } from '../../../gpu/timing/compare.ts'
import type { TimingSettings } from '../../../gpu/timing/settings.ts'
import type { Run, RunEvent, Store } from '../../../store/index.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import type { CostService } from '../costs/service.ts'
import type { DeviceService } from '../devices/service.ts'
import { compareStored } from './compare.ts'
import type { RunComparison } from './comparison-schema.ts'
import { NewRun, type RunAnswer, type RunEventAnswer, type RunQuery } from './schema.ts'
import { type Side, sideProblems, sidesOf } from './sides.ts'

const notFound = (id: string) => new ApiError('RUN_NOT_FOUND', `no run ${id.slice(0, 60)}: GET /v1/runs lists those there are`)

export interface RunServiceOptions {
  store: Store
  queue: RunQueue
  architectures: ArchitectureService
  costs: CostService
  devices: DeviceService
}

/** A side that its device and runtime take. */
interface Admitted {
  device: Pick<Device, 'name' | 'uuid' | 'host' | 'driver'>
  /** Of the runtime. */
  version: string
  /** Of the architecture's content. */
  digest: string
  /** Of one call with the whole batch. */
  macs: number
}

/** Timed inference: asked for, watched, read. */
export class RunService {
  readonly #store: Store
  readonly #queue: RunQueue
  readonly #architectures: ArchitectureService
  readonly #costs: CostService
  readonly #devices: DeviceService

  constructor({ store, queue, architectures, costs, devices }: RunServiceOptions) {
    this.#store = store
    this.#queue = queue
    this.#architectures = architectures
    this.#costs = costs
    this.#devices = devices
  }

  /**
   * Queues a run. With a key that was used before for the same request, the run of that time comes back, `created:
   * false`, whatever became of its device since; and so does, unless `fresh` is asked for, an earlier run with a valid
   * certificate of the same measurement: same content, settings, device, driver, runtime and its version.
   * @throws ApiError INVALID_REQUEST, ARCHITECTURE_NOT_FOUND, DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE, DEVICE_UNAVAILABLE,
   *   UNSUPPORTED_BY_RUNTIME; EngineError INVALID_RESOLUTION, COST_OVERFLOW; StoreError IDEMPOTENCY_CONFLICT, INVALID_TEXT.
   */
  async create(request: NewRun, idempotencyKey?: string): Promise<{ run: RunAnswer; created: boolean }> {
    const sides = sidesOf(request)
    const problems = [...explain(NewRun, request), ...sideProblems(request, sides)]
    if (problems.length > 0) throw invalidRequest('body', problems)
    const { profile = false, timeoutMs = 600_000, priority = 0, labels = {}, fresh = false, device: deviceName } = request
    const { a, b } = sides
    const rounds = b && (request.rounds ?? defaultRounds.default)
    // Of the request with its defaults written out, so that whoever sends them and whoever leaves them out ask for the same.
    const requestHash = hashOf({
      ...a,
      device: deviceName,
      profile,
      timeoutMs,
      priority,
      labels,
      fresh,
      ...(b ? { against: b, rounds } : {}),
    })
    if (idempotencyKey !== undefined) {
      const before = await this.#store.runs.ofRequest(idempotencyKey, requestHash)
      if (before) return { run: await this.#present(before), created: false }
    }
    const admitted = await this.#admit(a, deviceName, profile, '')
    const other = b && (await this.#admit(b, deviceName, profile, '/against'))
    const { device } = admitted
    // Everything that decides a result, whoever asks: two architectures of one content are one network.
    const measurement = hashOf({
      device: device.uuid,
      driver: device.driver,
      a: { ...a, architectureId: admitted.digest, version: admitted.version },
      ...(b && other ? { b: { ...b, architectureId: other.digest, version: other.version }, rounds } : {}),
      profile,
    })
    if (!fresh) {
      const before = await this.#store.runs.measured(measurement)
      if (before) return { run: await this.#present(before), created: false }
    }
    const { architectureId: againstArchitectureId, ...against } = b ?? { architectureId: null }
    const { run, created } = await this.#queue.enqueue(
      {
        ...a,
        device: device.name,
        deviceUuid: device.uuid,
        host: device.host,
        profile,
        timeoutMs,
        priority,
        labels,
        measurement,
        ...(b ? { against, againstArchitectureId, rounds } : { macs: admitted.macs }),
      },
      { idempotencyKey, requestHash },
    )
    return { run: await this.#present(run), created }
  }

  /**
   * The device, where it and the runtime take this side.
   * @param path of the side in the request. @throws as `create` does.
   */
  async #admit(side: Side, deviceName: string, profile: boolean, path: string): Promise<Admitted> {
    const { runtime, precision, settings, batch, resolution } = side
    const architecture = await this.#architectures.get(side.architectureId)
    const { device, support } = await this.#devices.find(deviceName, runtime)
    const { capabilities } = support
    const refusals = [
      ...(capabilities.precisions.includes(precision)
        ? []
        : [{ path: `${path}/precision`, message: `precision ${precision} is not offered: use ${capabilities.precisions.join(' or ')}` }]),
      ...(profile && !capabilities.perLayer ? [{ path: '/profile', message: 'it cannot profile layer by layer: leave profile out' }] : []),
      ...(settings.threads > capabilities.maxThreads
        ? [{ path: `${path}/settings/threads`, message: `it takes at most ${capabilities.maxThreads} threads: ask for fewer, or for 0` }]
        : []),
    ]
    if (refusals.length > 0) throw new ApiError('UNSUPPORTED_BY_RUNTIME', `${runtime} on ${device.name}: ${refusals[0]!.message}`, refusals)
    const asRegistered = batch === 1 && !resolution
    const macs = asRegistered
      ? architecture.counts.macs
      : await this.#costs.macs(architecture.id, { batch, ...(resolution ? { resolution } : {}) })
    return { device, version: support.version, digest: architecture.digest, macs }
  }

  /**
   * Two finished runs, b against a: the ratio of their times per image, and whether a difference is shown.
   * @throws ApiError RUN_NOT_FOUND, NOT_COMPARABLE
   */
  async compare(a: string, b: string): Promise<RunComparison> {
    const [first, second] = await Promise.all([this.#row(a), this.#row(b)])
    return compareStored(this.#store, first, second)
  }

  /** @throws ApiError RUN_NOT_FOUND */
  async get(id: string): Promise<RunAnswer> {
    return this.#present(await this.#row(id))
  }

  // For loaders: in the order of the ids, with an ApiError RUN_NOT_FOUND for one that is not there.
  readonly getEach = async (ids: readonly string[]): Promise<(RunAnswer | ApiError)[]> => {
    const runs = await this.#presentAll(await this.#store.runs.getMany(ids))
    const there = new Map(runs.map((run) => [run.id, run]))
    return ids.map((id) => there.get(id.toLowerCase()) ?? notFound(id))
  }

  /** Newest first. @throws StoreError INVALID_CURSOR */
  async list({ limit = 50, ...query }: RunQuery): Promise<{ items: RunAnswer[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.#store.runs.list({ limit, ...query })
    return { items: await this.#presentAll(items), nextCursor }
  }

  /**
   * Cancels a queued run at once; asks a running one to end, which its `cancelled` event then tells.
   * @throws ApiError RUN_NOT_FOUND, RUN_FINISHED
   */
  async cancel(id: string): Promise<{ run: RunAnswer; effect: 'cancelled' | 'requested' }> {
    const cancellation = await this.#queue.cancel(id)
    if (!cancellation) throw notFound(id)
    const { run, effect } = cancellation
    if (effect === 'finished')
      throw new ApiError('RUN_FINISHED', `run ${id} has ended, ${run.status}: only queued and running ones can be cancelled`)
    return { run: await this.#present(run), effect }
  }

  /** Every timed sample in order, ms. @throws ApiError RUN_NOT_FOUND, NO_SAMPLES */
  async samples(id: string): Promise<Float64Array> {
    const samples = await this.#store.runs.samples(id)
    if (samples) return samples
    const { status } = await this.#row(id)
    const why = status === 'queued' || status === 'running' ? 'they come when it has succeeded' : 'only runs that succeeded have them'
    throw new ApiError('NO_SAMPLES', `run ${id} is ${status} and has no samples: ${why}`)
  }

  /**
   * The events after `afterSeq`, stored ones first, until the run's last, or until `signal` is aborted. Null where the
   * last has been heard. @throws ApiError RUN_NOT_FOUND
   */
  async events(id: string, afterSeq: number, signal: AbortSignal): Promise<AsyncIterable<RunEventAnswer> | null> {
    const run = await this.#row(id)
    const over = run.status !== 'queued' && run.status !== 'running' && afterSeq >= run.lastSeq
    return over ? null : presentEvents(this.#store.events.follow(run.id, afterSeq, signal))
  }

  async #row(id: string): Promise<Run> {
    const run = await this.#store.runs.get(id)
    if (!run) throw notFound(id)
    return run
  }

  async #present(run: Run): Promise<RunAnswer> {
    return present(run, await this.#queue.place(run))
  }

  /** Places of waiting runs come from one look at the queues, not from one a run. */
  async #presentAll(rows: readonly Run[]): Promise<RunAnswer[]> {
    const waiting = rows.filter((run) => run.status === 'queued')
    const places = new Map<string, Place>()
    if (waiting.length > 1)
      for (const device of await this.#queue.snapshot({ limit: 500 }))
        for (const { run, ...place } of device.waiting) places.set(run.id, place)
    return Promise.all(
      rows.map(async (run) => present(run, run.status === 'queued' ? (places.get(run.id) ?? (await this.#queue.place(run))) : null)),
    )
  }
}

async function* presentEvents(events: AsyncIterable<RunEvent>): AsyncGenerator<RunEventAnswer, void, void> {
  for await (const { runId, seq, type, data, at } of events) yield { runId, seq, type, data, at: at.toISOString() }
}

/** Names a request by its content, whatever the order of its keys. */
function hashOf(request: object): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(request, sorted)).digest('hex')
}

const presentSide = (architectureId: string, side: Omit<Side, 'architectureId'>): RunAnswer['against'] => ({
  ...side,
  architectureId,
  resolution: side.resolution ? side.resolution.join('x') : null,
})

function present(run: Run, place: Place | null): RunAnswer {
  const self = `/v1/runs/${run.id}`
  const time = (date: Date | null): string | null => date?.toISOString() ?? null
  return {
    id: run.id,
    architectureId: run.architectureId,
    device: run.device,
    deviceUuid: run.deviceUuid,
    host: run.host,
    runtime: run.runtime as RunAnswer['runtime'],
    batch: run.batch,
    precision: run.precision as RunAnswer['precision'],
    resolution: run.resolution ? run.resolution.join('x') : null,
    profile: run.profile,
    timeoutMs: run.timeoutMs,
    priority: run.priority,
    labels: run.labels,
    settings: run.settings as TimingSettings,
    against: run.against && presentSide(run.againstArchitectureId!, run.against as Omit<Side, 'architectureId'>),
    rounds: run.rounds,
    status: run.status,
    queue: place,
    attempt: run.attempt,
    queuedAt: run.queuedAt.toISOString(),
    startedAt: time(run.startedAt),
    finishedAt: time(run.finishedAt),
    cancelRequestedAt: time(run.cancelRequestedAt),
    result: run.result as RunAnswer['result'],
    comparison: run.comparison as RunAnswer['comparison'],
    certificate: run.certificate as RunAnswer['certificate'],
    environment: run.environment as RunAnswer['environment'],
    error: run.error,
    links: { self, architecture: `/v1/architectures/${run.architectureId}`, samples: `${self}/samples`, events: `${self}/events` },
  }
}
