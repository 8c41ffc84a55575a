/**
 * pg-boss jobs as tickets: one says "a run waits for this device", nothing more. Which run goes next is read from `runs`; a
 * surplus ticket finds nothing and is done in milliseconds, and a missing one is replaced by `replenishTickets`. So a ticket
 * may be lost, doubled or left by a dead process, and no run is.
 */

import { fromDrizzle, type PgBoss } from 'pg-boss'
import type { Database, Transaction } from './database.ts'
import { rowsOf, sql } from './drizzle.ts'
import { connectionError } from './errors.ts'

const DAY_S = 86_400

export interface Ticket {
  id: string
  deviceUuid: string
  priority: number
}

export class Tickets {
  readonly boss: PgBoss
  readonly #queues = new Map<string, Promise<void>>()

  constructor(boss: PgBoss) {
    this.boss = boss
  }

  /** The queue of a device; pg-boss allows letters, digits, `_ - . /` in a name. */
  queue(deviceUuid: string): string {
    return `device/${deviceUuid.replace(/[^\w.-]/g, '_')}`
  }

  /**
   * Makes the device's queue where it is missing. Call it before a transaction that sends: pg-boss looks a queue up on
   * another connection, which PGlite would never grant inside a transaction.
   */
  ensureQueue(deviceUuid: string): Promise<void> {
    const known = this.#queues.get(deviceUuid)
    if (known) return known
    const made = this.boss
      .createQueue(this.queue(deviceUuid), {
        notify: true,
        retryLimit: 2,
        retryDelay: 0,
        expireInSeconds: DAY_S,
        retentionSeconds: 365 * DAY_S,
        deleteAfterSeconds: 60,
      })
      .catch((error) => {
        throw connectionError(error)
      })
    this.#queues.set(deviceUuid, made)
    made.catch(() => this.#queues.delete(deviceUuid))
    return made
  }

  /** One ticket a run, in the caller's transaction. Only a run's first ticket has the run's id, so that it is found. */
  async send(tx: Transaction, run: Ticket, first: boolean): Promise<void> {
    const db = fromDrizzle(tx, sql)
    await this.boss.send(this.queue(run.deviceUuid), { runId: run.id }, { db, priority: run.priority, ...(first ? { id: run.id } : {}) })
  }

  /** Removes the first tickets of runs that no longer wait. */
  async remove(tx: Transaction, runs: readonly Ticket[]): Promise<void> {
    const db = fromDrizzle(tx, sql)
    for (const [deviceUuid, group] of Map.groupBy(runs, (run) => run.deviceUuid)) {
      await this.ensureQueue(deviceUuid)
      await this.boss.deleteJob(
        this.queue(deviceUuid),
        group.map((run) => run.id),
        { db },
      )
    }
  }

  /**
   * Tickets of the device that can be fetched now. Those sent before the clock was set back cannot be fetched until it
   * catches up.
   */
  async waiting(db: Database | Transaction, deviceUuid: string): Promise<number> {
    const [row] = await rowsOf<{ n: number }>(
      db,
      sql`SELECT count(*)::int AS n FROM pgboss.job WHERE name = ${this.queue(deviceUuid)} AND state IN ('created', 'retry') AND start_after <= now()`,
    )
    return row!.n
  }
}
