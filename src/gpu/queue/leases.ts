/**
 * Renews the leases of the runs that this service executes, and takes runs back from services that are gone. Each round also
 * stores ends of runs that the database did not accept before, and sends missing tickets.
 */
import type { Log, Run, Store } from '../../store/index.ts'
import type { Clock } from '../clock.ts'
import type { Execution } from './execution.ts'
import type { Holds } from './holds.ts'

/** A lease survives four failed renewals. */
export const leaseMs = 10_000
const renewMs = 2000
/** Number of renewals after which idle devices are checked for runs without tickets. */
const lookEvery = 5

export interface LeasesOptions {
  store: Store
  /** This service. */
  owner: string
  /** What runs, by device UUID, and the devices that this service runs on: the queue's own, which it changes. */
  executions: ReadonlyMap<string, Execution>
  devices: ReadonlyMap<string, unknown>
  holds: Holds
  log: Log
  clock: Clock
}

export class Leases {
  /** Finished executions whose end the database did not accept. Their leases are not renewed. */
  readonly unstored = new Set<Execution>()
  readonly #store: Store
  readonly #owner: string
  readonly #executions: ReadonlyMap<string, Execution>
  readonly #devices: ReadonlyMap<string, unknown>
  readonly #holds: Holds
  readonly #log: Log
  readonly #clock: Clock
  #callOff = () => {}
  #stopped = false
  /** The round in progress, or the last one. */
  #round: Promise<void> = Promise.resolve()
  #ticks = 0

  constructor({ store, owner, executions, devices, holds, log, clock }: LeasesOptions) {
    this.#store = store
    this.#owner = owner
    this.#executions = executions
    this.#devices = devices
    this.#holds = holds
    this.#log = log
    this.#clock = clock
  }

  /** Starts the rounds. One that fails is logged, and the next one tries again. */
  supervise(): void {
    if (this.#stopped) return
    this.#callOff = this.#clock.after(renewMs, async () => {
      this.#round = this.#renewAndReclaim()
      try {
        await this.#round
      } catch (err) {
        this.#log.warn({ err }, 'leases were not renewed; trying again')
      }
      this.supervise()
    })
  }

  /** No round begins any more. Resolves when the one in progress is over, however it went. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#callOff()
    await this.#round.catch(() => {})
  }

  /**
   * Renews leases before anything is reclaimed, so that no run that is executed here is taken for lost. What this
   * service holds in the database and does not execute, since an answer of the database was lost or an end was not
   * stored, is reclaimed like anybody's when its lease is over: on the embedded store as well, where nobody else would.
   */
  async #renewAndReclaim(): Promise<void> {
    const { runs, kind } = this.#store
    await this.#renew()
    for (const execution of this.unstored) {
      const settled = await execution.storeAgain()
      if (settled === 'unstored') continue
      this.unstored.delete(execution)
      this.#log.info({ runId: execution.run.id, settled }, 'the end of a run that could not be stored before is settled')
    }
    const look = ++this.#ticks % lookEvery === 0
    if (kind === 'postgres' || look) this.reclaimed(await runs.reclaim())
    if (!look) return
    await this.#holds.look()
    for (const uuid of this.#devices.keys()) if (!this.#executions.has(uuid) && !this.#holds.isHeld(uuid)) await runs.replenishTickets(uuid)
  }

  async #renew(): Promise<void> {
    const before = [...this.#executions.values()]
    if (before.length === 0) return
    const ids = before.map(({ run }) => run.id)
    const held = new Map((await this.#store.runs.renew(this.#owner, ids, leaseMs)).map((run) => [run.id, run]))
    for (const execution of before) {
      const lease = held.get(execution.run.id)
      if (lease?.cancelRequestedAt) execution.interrupt('cancel')
      else if (!lease && this.#executions.get(execution.run.deviceUuid) === execution) await this.#confirmLoss(execution)
    }
  }

  /** A run that ended here in the meantime has no lease either, and an interruption does nothing to it any more. */
  async #confirmLoss(execution: Execution): Promise<void> {
    const run = await this.#store.runs.get(execution.run.id)
    if (run?.status !== 'running' || run.owner !== this.#owner) execution.interrupt('leaseLost')
  }

  /** Tells the log of runs that were taken back. */
  reclaimed(reclaimed: readonly Run[]): void {
    for (const { id, status, attempt } of reclaimed)
      this.#log.warn({ runId: id, status, attempt }, 'a run was taken back from a service that is gone, or that gave it up')
  }
}
