/**
 * The queue: runs in, one at a time on each device, results into the store. One consumer a device; which run is next
 * is read from `runs` (highest priority, then longest waiting), and a pg-boss job only says that one waits. Several
 * services may share one database: each consumes for its own devices, renews the leases of what it runs, and takes
 * over from services that are gone.
 *
 * A crash of the worker fails its run at once; only a run whose service vanished is executed again.
 */
import { type Cancellation, type Depth, type Log, type NewRun, type Run, type Store, workloadOf } from '../../store/index.ts'
import type { Executor, QueueDevice, QueueMetric } from './contract.ts'
import { Estimates } from './estimate.ts'
import { Execution } from './execution.ts'
import { isGone, newOwner, retireOwner } from './owner.ts'
import { type DeviceSnapshot, type Place, placeOf, snapshotDevice } from './snapshot.ts'

export type { ExecuteOptions, Executor, Outcome, QueueDevice, QueueMetric } from './contract.ts'
export type { DeviceSnapshot, Eta, Place } from './snapshot.ts'

/** A lease outlives four renewals that did not come through. */
const LEASE_MS = 10_000
const RENEW_MS = 2000
/** Every so many renewals, devices that stand idle are looked at for runs whose tickets went astray. */
const LOOK_EVERY = 5
/** pg-boss's poll where no NOTIFY comes through, s. */
const POLL_S = 2

export interface RunQueueOptions {
  store: Store
  /** This host's; none where this service only takes requests. */
  devices: readonly QueueDevice[]
  /** By device UUID. */
  workers: ReadonlyMap<string, Executor>
  log: Log
  onMetrics?: ((metric: QueueMetric) => void) | undefined
}

export class RunQueue {
  readonly #store: Store
  /** By device UUID, as are the maps below. */
  readonly #devices: Map<string, QueueDevice>
  readonly #workers: Map<string, Executor>
  readonly #log: Log
  readonly #onMetrics: (metric: QueueMetric) => void
  readonly #estimates: Estimates
  readonly #owner = newOwner()
  readonly #executions = new Map<string, Execution>()
  readonly #consumers = new Map<string, string>()
  readonly #pending = new Set<Promise<unknown>>()
  #unlisten = () => {}
  #timer: NodeJS.Timeout | undefined
  #ticks = 0
  #stopping: Promise<void> | null = null

  constructor({ store, devices, workers, log, onMetrics }: RunQueueOptions) {
    const missing = devices.find((device) => !workers.has(device.uuid))
    if (missing) throw new Error(`No worker was given for the device ${missing.name} (${missing.uuid})`)
    this.#store = store
    this.#estimates = new Estimates(store)
    this.#devices = new Map(devices.map((device) => [device.uuid, device]))
    this.#workers = new Map(workers)
    this.#log = log
    this.#onMetrics = onMetrics ?? (() => {})
  }

  /** Takes up what services that are gone left behind, then consumes. Resolves when both are done. */
  async start(): Promise<void> {
    const { runs, notifications, kind } = this.#store
    this.#unlisten = notifications.onCancel((runId) => this.#onCancel(runId))
    // The embedded store has one user at a time: what another owner runs there, runs no more.
    const reclaimed = await runs.reclaim(kind === 'pglite' ? (owner) => owner !== this.#owner : isGone)
    for (const run of reclaimed)
      this.#log.warn({ runId: run.id, status: run.status, attempt: run.attempt }, 'a run was left by a service that is gone')
    for (const device of this.#devices.values()) await this.#consume(device)
    this.#schedule()
  }

  /** Begins to run what waits for a device that has come. */
  async attach(device: QueueDevice, worker: Executor): Promise<void> {
    if (this.#stopping) return
    this.#devices.set(device.uuid, device)
    this.#workers.set(device.uuid, worker)
    await this.#consume(device)
  }

  /** Runs nothing more on a device that is gone; what waits for it waits on, and what was begun there waits again. */
  async detach(uuid: string): Promise<void> {
    if (this.#stopping) return
    this.#consumers.delete(uuid)
    this.#devices.delete(uuid)
    this.#workers.delete(uuid)
    this.#executions.get(uuid)?.interrupt('shutdown')
    await this.#store.boss.offWork(this.#store.tickets.queue(uuid))
  }

  /** Whether this service runs nothing at the moment. */
  get idle(): boolean {
    return this.#executions.size === 0
  }

  async #consume(device: QueueDevice): Promise<void> {
    const { runs, boss, tickets } = this.#store
    await runs.replenishTickets(device.uuid)
    const consumer = await boss.work(tickets.queue(device.uuid), { pollingIntervalSeconds: POLL_S }, () =>
      this.#track(this.#runNext(device)),
    )
    this.#consumers.set(device.uuid, consumer)
  }

  /**
   * Ends worker processes in the middle of a run first, then gives those runs back to the queue. Resolves when no run
   * of this service is left running. A second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#unlisten()
    const ended = [...this.#devices.keys()].map((uuid) => this.#store.boss.offWork(this.#store.tickets.queue(uuid)))
    for (const execution of this.#executions.values()) execution.interrupt('shutdown')
    await Promise.allSettled([...this.#pending, ...ended])
    retireOwner(this.#owner)
  }

  /**
   * Stores the run and its place in the queue; once this resolves, no crash loses it.
   * @throws StoreError ARCHITECTURE_NOT_FOUND, IDEMPOTENCY_CONFLICT, INVALID_TEXT
   */
  async enqueue(
    run: NewRun,
    options: { idempotencyKey?: string | undefined; requestHash?: string | undefined } = {},
  ): Promise<{ run: Run; created: boolean; place: Place | null }> {
    const { run: stored, created } = await this.#store.runs.insert(await this.expecting(run), options)
    return { run: stored, created, place: await this.place(stored) }
  }

  /** The run with what it is expected to take, to be held against what it took. */
  async expecting(run: NewRun): Promise<NewRun> {
    const { rounds = null, macs = null, ...rest } = run
    const { ms, basis } = (await this.#estimates.on(run.deviceUuid)).of({ ...rest, rounds, macs, workload: workloadOf(run) })
    return { ...run, expectedMs: ms, expectedBasis: basis }
  }

  /**
   * A queued run is cancelled when this resolves; of a running one the process is ended first, by the service that
   * owns it, and the `cancelled` event follows. Null where there is no such run.
   */
  cancel(runId: string): Promise<Cancellation | null> {
    return this.#store.runs.requestCancel(runId)
  }

  /** Where a run stands; null for one that waits no more. */
  place(run: Run): Promise<Place | null> {
    return placeOf(this.#store, this.#estimates, run)
  }

  /** Every device of this service, and every other that has runs; at most `limit` waiting runs of each. */
  async snapshot({ limit = 100 }: { limit?: number } = {}): Promise<DeviceSnapshot[]> {
    const devices = new Map([...this.#devices.values()].map(({ name, uuid, host }) => [uuid, { device: name, deviceUuid: uuid, host }]))
    for (const { device, deviceUuid, host } of await this.depths()) {
      if (!devices.has(deviceUuid)) devices.set(deviceUuid, { device, deviceUuid, host })
    }
    return Promise.all([...devices.values()].map((device) => snapshotDevice(this.#store, this.#estimates, device, limit)))
  }

  /** Waiting and running runs a device, for every device that has any: for gauges. */
  depths(): Promise<Depth[]> {
    return this.#store.runs.depths()
  }

  /** One ticket: the device's next run, if one may start, from claim to end. */
  async #runNext(device: QueueDevice): Promise<void> {
    // Thrown, so that pg-boss keeps the ticket for the next start.
    if (this.#stopping) throw new Error('the service is shutting down')
    const worker = this.#workers.get(device.uuid)
    if (!worker || this.#executions.has(device.uuid)) return
    const run = await this.#store.runs.claimNext(device.uuid, this.#owner, LEASE_MS)
    if (!run) return
    const labels = { device: device.name, runtime: run.runtime }
    const execution = new Execution(run, device, worker, this.#store, this.#log)
    this.#executions.set(device.uuid, execution)
    // A stop, or a detach, that came between the ticket and the claim did not see this execution.
    if (this.#stopping || this.#workers.get(device.uuid) !== worker) execution.interrupt('shutdown')
    if (run.cancelRequestedAt) execution.interrupt('cancel')
    const started = performance.now()
    this.#onMetrics({ kind: 'started', ...labels, waitMs: run.startedAt!.getTime() - run.queuedAt.getTime() })
    const status = await execution.settle()
    this.#executions.delete(device.uuid)
    this.#estimates.forget(device.uuid)
    this.#onMetrics({ kind: 'ended', ...labels, status, runMs: performance.now() - started })
    // A backlog stalls without: what was sent during the run notified a worker that was busy.
    const consumer = this.#consumers.get(device.uuid)
    if (consumer) this.#store.boss.notifyWorker(consumer)
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work)
    try {
      return await work
    } finally {
      this.#pending.delete(work)
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.#track(this.#supervise())
      } catch (err) {
        this.#log.warn({ err }, 'leases were not renewed; trying again')
      }
      if (!this.#stopping) this.#schedule()
    }, RENEW_MS)
  }

  async #supervise(): Promise<void> {
    const { runs, kind } = this.#store
    if (this.#executions.size > 0) {
      const before = [...this.#executions.values()]
      const held = new Map((await runs.renew(this.#owner, LEASE_MS)).map((run) => [run.id, run]))
      for (const execution of before) {
        const lease = held.get(execution.run.id)
        if (lease?.cancelRequestedAt) execution.interrupt('cancel')
        else if (!lease && this.#executions.get(execution.run.deviceUuid) === execution) await this.#confirmLoss(execution)
      }
    }
    if (kind === 'postgres') await runs.reclaim()
    if (++this.#ticks % LOOK_EVERY > 0) return
    for (const uuid of this.#devices.keys()) if (!this.#executions.has(uuid)) await runs.replenishTickets(uuid)
  }

  /** A run that ended in the meantime has no lease either; one that somebody else holds, or that waits again, is lost. */
  async #confirmLoss(execution: Execution): Promise<void> {
    const run = await this.#store.runs.get(execution.run.id)
    if (run && (run.status === 'queued' || (run.status === 'running' && run.owner !== this.#owner))) execution.interrupt('leaseLost')
  }

  /** @param runId null where notices may have been missed: the next renewal finds what was asked. */
  #onCancel(runId: string | null): void {
    for (const execution of this.#executions.values()) if (execution.run.id === runId) execution.interrupt('cancel')
  }
}
