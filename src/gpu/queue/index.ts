/**
 * The queue: runs in, one at a time on each device, results into the store. One consumer a device (`consumers.ts`); which run is next
 * is read from `runs` (of the key whose turn it is: docs/queue.md), and a pg-boss job only says that one waits. Several
 * services may share one database: each consumes for its own devices, renews the leases of what it runs, and takes
 * over from services that are gone.
 *
 * A crash of the worker fails its run at once; only a run whose service vanished is executed again.
 */
import {
  type AuditLine,
  type Cancellation,
  type Depth,
  type InsertOptions,
  type Log,
  type NewDeviceState,
  type NewRun,
  type Run,
  type RunFilter,
  type Store,
  turns,
  workloadOf,
} from '../../store/index.ts'
import { type Clock, systemClock, within } from '../clock.ts'
import { Consumers } from './consumers.ts'
import type { Executor, QueueDevice, QueueMetric } from './contract.ts'
import { type EstimateBasis, Estimates } from './estimate.ts'
import { type Execution, stepOf } from './execution.ts'
import { Holds } from './holds.ts'
import { Leases } from './leases.ts'
import { isGone, newOwner, retireOwner } from './owner.ts'
import { type DeviceSnapshot, etaOf, type Outlook, type Place, placesOf, snapshotDevice } from './snapshot.ts'

export type { ExecuteOptions, Executor, Outcome, QueueDevice, QueueMetric } from './contract.ts'
export type { DeviceSnapshot, Eta, Place } from './snapshot.ts'

/** Default for how long `stop` waits for runs to end and to be stored. */
const STOP_MS = 5000

export interface RunQueueOptions {
  store: Store
  /** This host's; none where this service only takes requests. */
  devices: readonly QueueDevice[]
  /** By device UUID. */
  workers: ReadonlyMap<string, Executor>
  log: Log
  onMetrics?: ((metric: QueueMetric) => void) | undefined
  /** UUIDs of devices that other services which are alive run on; none where this one is alone. */
  elsewhere?: () => Promise<ReadonlySet<string>>
  /** Longest that `stop` may take, ms. */
  stopMs?: number
  /** For renewals, pauses and the stop; another one than the machine's in tests. Leases end by the database's clock. */
  clock?: Clock
}

export class RunQueue {
  readonly #store: Store
  /** By device UUID, as is the map below. */
  readonly #devices: Map<string, QueueDevice>
  readonly #log: Log
  readonly #elsewhere: () => Promise<ReadonlySet<string>>
  readonly #stopMs: number
  readonly #clock: Clock
  readonly #estimates: Estimates
  readonly #owner = newOwner()
  readonly #executions = new Map<string, Execution>()
  readonly #leases: Leases
  readonly #holds: Holds
  readonly #consumers: Consumers
  #unlisten = () => {}
  #stopping: Promise<void> | null = null

  constructor({
    store,
    devices,
    workers,
    log,
    onMetrics = () => {},
    elsewhere = async () => new Set(),
    stopMs = STOP_MS,
    clock = systemClock,
  }: RunQueueOptions) {
    const missing = devices.find((device) => !workers.has(device.uuid))
    if (missing) throw new Error(`No worker was given for the device ${missing.name} (${missing.uuid})`)
    this.#store = store
    this.#estimates = new Estimates(store, clock)
    this.#devices = new Map(devices.map((device) => [device.uuid, device]))
    this.#log = log
    this.#elsewhere = elsewhere
    this.#stopMs = stopMs
    this.#clock = clock
    this.#holds = new Holds({ store, executions: this.#executions, log, onReleased: (uuid) => this.#consumers.wake(uuid) })
    this.#leases = new Leases({
      store,
      owner: this.#owner,
      executions: this.#executions,
      devices: this.#devices,
      holds: this.#holds,
      log,
      clock,
    })
    this.#consumers = new Consumers({
      store,
      owner: this.#owner,
      devices: this.#devices,
      workers: new Map(workers),
      executions: this.#executions,
      leases: this.#leases,
      holds: this.#holds,
      estimates: this.#estimates,
      log,
      onMetrics,
      clock,
    })
  }

  /** Takes over runs of services that are gone, then starts to consume. Resolves when both are done. */
  async start(): Promise<void> {
    const { runs, notifications, kind } = this.#store
    this.#unlisten = notifications.onCancel((runId) => {
      // Null where notices may have been missed: the next renewal finds what was asked.
      if (runId !== null) this.#consumers.cancel(runId)
    })
    await this.#holds.start()
    // The embedded store has one user at a time: runs of any other owner have ended.
    this.#leases.reclaimed(await runs.reclaim(kind === 'pglite' ? (owner) => owner !== this.#owner : isGone))
    await this.#consumers.start()
    this.#leases.supervise()
  }

  /** Begins to run what waits for a device that has come. */
  async attach(device: QueueDevice, worker: Executor): Promise<void> {
    await this.#consumers.attach(device, worker)
  }

  /** Stops running on a device that is gone; its waiting runs keep waiting, and its running one is queued again. */
  async detach(uuid: string): Promise<void> {
    await this.#consumers.detach(uuid)
  }

  /** Whether this service runs nothing at the moment. */
  get idle(): boolean {
    return this.#executions.size === 0
  }

  /**
   * Ends worker processes in the middle of a run first, then gives those runs back to the queue. Resolves when no run
   * of this service is left running, or after `stopMs`: the next start then takes up what is left. Never rejects. A
   * second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const supervised = this.#leases.stop()
    this.#unlisten()
    this.#holds.stop()
    const ended = this.#consumers.stop()
    const unstored = [...this.#leases.unstored].map((execution) => execution.storeAgain())
    const settled = Promise.allSettled([ended, supervised, ...unstored]).then(() => true)
    if (!(await within(this.#clock, settled, this.#stopMs))) {
      const runIds = [...this.#executions.values(), ...this.#leases.unstored].map(({ run }) => run.id)
      this.#log.error({ runIds, stopMs: this.#stopMs }, 'the queue did not stop in time; the next start takes up what it left')
    }
    retireOwner(this.#owner)
  }

  /**
   * Stores the run and its place in the queue; once this resolves, no crash loses it.
   * @param predict as `expecting` takes it.
   * @throws StoreError ARCHITECTURE_NOT_FOUND, IDEMPOTENCY_CONFLICT, INVALID_TEXT
   */
  async enqueue(
    run: NewRun,
    options: InsertOptions = {},
    predict?: () => Promise<number | null>,
  ): Promise<{ run: Run; created: boolean; place: Place | null }> {
    const { run: stored, created } = await this.#store.runs.insert(await this.expecting(run, predict), options)
    if (created) this.announce([stored])
    const place = await this.place(stored)
    if (place || !created || stored.expectedMs === null) return { run: stored, created, place }
    // An idle device took it before this was read: it was the next one.
    const estimator = await this.#estimates.on(stored.deviceUuid)
    return { run: stored, created, place: { position: 1, ...etaOf(stored.expectedMs, stored.expectedBasis as EstimateBasis, estimator) } }
  }

  /** Tells the log of runs that were stored as queued. */
  announce(runs: readonly Run[]): void {
    for (const run of runs) this.#log.info(stepOf(run), 'run queued')
  }

  /**
   * The run with its estimated duration, to be compared with the real one.
   * @param predict a call's latency, ms, asked where no such run was made before; null where it cannot be told.
   */
  async expecting(run: NewRun, predict: () => Promise<number | null> = async () => null): Promise<NewRun> {
    const { rounds = null, macs = null, ...rest } = run
    const asked = { ...rest, rounds, macs, workload: workloadOf(run) }
    const estimator = await this.#estimates.on(run.deviceUuid)
    const known = estimator.of(asked)
    const callMs = known.basis === 'history' || run.against ? null : await predict()
    const { ms, basis } = callMs === null ? known : estimator.ofCall(asked, callMs)
    return { ...run, expectedMs: ms, expectedBasis: basis }
  }

  /**
   * A queued run is cancelled when this resolves; of a running one the process is ended first, by the service that
   * owns it, and the `cancelled` event follows. Null where there is no such run.
   * @param line of the audit log, written with the change, as one that is about `subjectId`.
   */
  async cancel(runId: string, line?: AuditLine, subjectId = runId): Promise<Cancellation | null> {
    const cancellation = await this.#store.runs.requestCancel(runId, line, subjectId)
    if (cancellation?.effect === 'cancelled') this.#log.info({ ...stepOf(cancellation.run), reason: 'cancelled on request' }, 'run ended')
    else if (cancellation?.effect === 'requested') this.#log.info(stepOf(cancellation.run), 'run is to be cancelled')
    return cancellation
  }

  /** `cancel` for every run that fits; others get their turn meanwhile. @throws StoreError INVALID_TEXT */
  async cancelMany(filter: RunFilter, line?: AuditLine): Promise<{ cancelled: number; requested: number }> {
    const done = { cancelled: 0, requested: 0 }
    for await (const { cancelled, requested } of this.#store.runs.cancelMany(filter, line)) {
      done.cancelled += cancelled.length
      done.requested += requested.length
      for (const run of cancelled) this.#log.info({ ...stepOf(run), reason: 'cancelled on request' }, 'run ended')
      for (const run of requested) this.#log.info(stepOf(run), 'run is to be cancelled')
      await turns.take()
    }
    return done
  }

  /** Another priority for a waiting run; null where it does not wait. */
  async setPriority(runId: string, priority: number, line?: AuditLine): Promise<Run | null> {
    const run = await this.#store.runs.setPriority(runId, priority, line)
    if (run) this.#log.info({ ...stepOf(run), priority }, 'run has another priority')
    return run
  }

  /**
   * Pauses, drains or resumes a device, of this service or another, for every service of the database. What a paused device
   * runs goes back to the queue soon; what a drained one runs ends there. @throws StoreError INVALID_TEXT
   */
  async setDeviceState(change: NewDeviceState, line?: AuditLine): Promise<void> {
    const { deviceUuid, device, host, state, note, by } = change
    await this.#store.deviceStates.set(change, line)
    this.#log.info({ device, host, deviceUuid, state, note, key: by }, 'the state of a device was set')
    // Tickets that came meanwhile found a device that starts nothing, and are spent.
    if (state === 'active') await this.#store.runs.replenishTickets(deviceUuid)
  }

  /** The place of a run in its queue; null for one that no longer waits. */
  async place(run: Run): Promise<Place | null> {
    return (await this.places([run])).get(run.id) ?? null
  }

  /** The places of these runs by their ids, without those that no longer wait. */
  async places(runs: readonly Run[]): Promise<Map<string, Place>> {
    if (!runs.some(({ status }) => status === 'queued')) return new Map()
    return placesOf(this.#store, this.#estimates, runs, await this.#outlook(runs.map(({ deviceUuid }) => deviceUuid)))
  }

  /** Other services are queried only where one of these devices is not this service's. */
  async #outlook(deviceUuids: readonly string[]): Promise<Outlook> {
    const others = deviceUuids.some((uuid) => !this.#devices.has(uuid)) ? await this.#elsewhere() : new Set<string>()
    const holds = await this.#store.deviceStates.holds()
    return {
      holdOf: (uuid) => holds.get(uuid) ?? null,
      serves: (uuid, running) => this.#devices.has(uuid) || others.has(uuid) || Boolean(running?.leased),
    }
  }

  /** Every device of this service, and every other that has runs; at most `limit` waiting runs of each. */
  async snapshot({ limit = 100 }: { limit?: number } = {}): Promise<DeviceSnapshot[]> {
    const devices = new Map([...this.#devices.values()].map(({ name, uuid, host }) => [uuid, { device: name, deviceUuid: uuid, host }]))
    for (const { device, deviceUuid, host } of await this.depths()) {
      if (!devices.has(deviceUuid)) devices.set(deviceUuid, { device, deviceUuid, host })
    }
    const outlook = await this.#outlook([...devices.keys()])
    return Promise.all([...devices.values()].map((device) => snapshotDevice(this.#store, this.#estimates, device, limit, outlook)))
  }

  /** Waiting and running runs a device, for every device that has any: for gauges. */
  depths(): Promise<Depth[]> {
    return this.#store.runs.depths()
  }
}
