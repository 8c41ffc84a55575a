import type { Log, Run, Store } from '../../store/index.ts'
import type { Clock } from '../clock.ts'
import type { Executor, QueueDevice, QueueMetric } from './contract.ts'
import type { Estimates } from './estimate.ts'
import { Execution, type Settled, stepOf } from './execution.ts'
import type { Holds } from './holds.ts'
import { type Leases, leaseMs } from './leases.ts'

/** pg-boss's poll where no NOTIFY comes through, s. */
const POLL_S = 2

export interface ConsumersOptions {
  store: Store
  owner: string
  /** By device UUID, as are the maps below. */
  devices: Map<string, QueueDevice>
  workers: Map<string, Executor>
  /** What runs at the moment. */
  executions: Map<string, Execution>
  leases: Leases
  holds: Holds
  estimates: Estimates
  log: Log
  onMetrics: (metric: QueueMetric) => void
  clock: Clock
}

/** One consumer for each device of this service: claims the device's next run and executes it, one at a time. */
export class Consumers {
  readonly #options: ConsumersOptions
  readonly #consumers = new Map<string, string>()
  readonly #pending = new Set<Promise<unknown>>()
  #stopping = false

  constructor(options: ConsumersOptions) {
    this.#options = options
  }

  /** Begins to run what waits for every device that there is. */
  async start(): Promise<void> {
    for (const device of this.#options.devices.values()) await this.#consume(device)
  }

  /** Begins to run what waits for a device that has come. */
  async attach(device: QueueDevice, worker: Executor): Promise<void> {
    if (this.#stopping) return
    const { devices, workers } = this.#options
    devices.set(device.uuid, device)
    workers.set(device.uuid, worker)
    try {
      await this.#consume(device)
    } catch (cause) {
      devices.delete(device.uuid)
      workers.delete(device.uuid)
      throw cause
    }
  }

  /** Stops running on a device that is gone; its waiting runs keep waiting, and its running one is queued again. */
  async detach(uuid: string): Promise<void> {
    if (this.#stopping) return
    const { devices, workers, executions } = this.#options
    this.#consumers.delete(uuid)
    devices.delete(uuid)
    workers.delete(uuid)
    executions.get(uuid)?.interrupt('deviceGone')
    await this.#leave(uuid)
  }

  /** Claims nothing more and ends what runs. Resolves when all of it is over; never rejects. */
  async stop(): Promise<void> {
    this.#stopping = true
    const { devices, executions } = this.#options
    const left = [...devices.keys()].map((uuid) => this.#leave(uuid))
    for (const execution of executions.values()) execution.interrupt('shutdown')
    await Promise.allSettled([...this.#pending, ...left])
  }

  /** Ends a run in progress, where it is one of this service. */
  cancel(runId: string): void {
    for (const execution of this.#options.executions.values()) if (execution.run.id === runId) execution.interrupt('cancel')
  }

  /** Looks for a ticket of the device at once. pg-boss takes one a notice, and where tickets are left it waits 30 s for the next. */
  wake(uuid: string): void {
    const consumer = this.#consumers.get(uuid)
    if (consumer) this.#options.store.boss.notifyWorker(consumer)
  }

  async #consume(device: QueueDevice): Promise<void> {
    const { runs, boss, tickets } = this.#options.store
    await runs.replenishTickets(device.uuid)
    const consumer = await boss.work(tickets.queue(device.uuid), { pollingIntervalSeconds: POLL_S }, () =>
      this.#track(this.#runNext(device)),
    )
    this.#consumers.set(device.uuid, consumer)
  }

  #leave(uuid: string): Promise<void> {
    const { boss, tickets } = this.#options.store
    return boss.offWork(tickets.queue(uuid))
  }

  /** One ticket: the device's next run, if one may start, from claim to end. */
  async #runNext(device: QueueDevice): Promise<void> {
    // Thrown, so that pg-boss keeps the ticket for the next start.
    if (this.#stopping) throw new Error('the service is shutting down')
    const { store, owner, workers, executions, log } = this.#options
    const worker = workers.get(device.uuid)
    if (!worker || executions.has(device.uuid)) return
    let run: Run | null
    try {
      run = await store.runs.claimNext(device.uuid, owner, leaseMs)
    } catch (err) {
      log.warn({ err, device: device.name }, 'the next run could not be claimed; trying again')
      throw err
    }
    if (run) await this.#execute(run, device, worker)
  }

  /** Whatever goes wrong in here, the device is free afterwards, and the lease of the run is not renewed any more. */
  async #execute(run: Run, device: QueueDevice, worker: Executor): Promise<void> {
    const { store, workers, executions, leases, holds, estimates, log, clock } = this.#options
    const labels = { device: device.name, runtime: run.runtime }
    const execution = new Execution(run, device, worker, { store, log, clock, meter: (metric) => this.#meter(metric) })
    executions.set(device.uuid, execution)
    const started = clock.now()
    let status: Settled = 'unstored'
    try {
      // A stop, or a detach, that came between the ticket and the claim did not see this execution.
      if (this.#stopping) execution.interrupt('shutdown')
      else if (workers.get(device.uuid) !== worker) execution.interrupt('deviceGone')
      // The notice of a pause came between the claim and now.
      else if (holds.isPaused(device.uuid)) execution.interrupt('devicePaused')
      if (run.cancelRequestedAt) execution.interrupt('cancel')
      log.info(stepOf(run), 'run started')
      this.#meter({ kind: 'started', ...labels, waitMs: run.startedAt!.getTime() - run.waitingSince.getTime() })
      status = await execution.settle()
      if (status === 'unstored') leases.unstored.add(execution)
    } catch (err) {
      log.error({ err, runId: run.id }, 'the execution of a run failed; its lease is given up')
    } finally {
      executions.delete(device.uuid)
      estimates.forget(device.uuid)
    }
    this.#meter({ kind: 'ended', ...labels, status, runMs: clock.now() - started })
    // Without this a backlog stalls: tickets sent during the run notified a worker that was busy.
    this.wake(device.uuid)
  }

  /** A failing metric must not affect the run. */
  #meter(metric: QueueMetric): void {
    const { onMetrics, log } = this.#options
    try {
      onMetrics(metric)
    } catch (err) {
      log.warn({ err, metric }, 'a metric of the queue failed')
    }
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work)
    try {
      return await work
    } finally {
      this.#pending.delete(work)
    }
  }
}
