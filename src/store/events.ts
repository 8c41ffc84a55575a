/**
 * The events of a run: numbered 1, 2, 3 … and stored, so that who comes late hears them from the start. A number is
 * given out by the run's row, under its lock, in the transaction that stores the event: events commit in the order of
 * their numbers, and "all after n" can never miss one that commits later.
 */

import { isUuid } from './cursor.ts'
import type { Database } from './database.ts'
import { and, asc, eq, gt, sql } from './drizzle.ts'
import { textError } from './errors.ts'
import type { Notifications } from './notifications.ts'
import { isFinal, type RunEvent, runEvents, runs } from './schema.ts'
import { withEvent } from './transitions.ts'

/** Events read at a time. */
const BATCH = 500

export class Events {
  readonly #db: Database
  readonly #notifications: Notifications

  constructor(db: Database, notifications: Notifications) {
    this.#db = db
    this.#notifications = notifications
  }

  /**
   * Adds an event to a running run.
   * @param owner where given, only while that owner holds the run.
   * @returns its number, or null where the run does not run (any more): a final event stays the last.
   */
  async append(runId: string, type: string, data: Record<string, unknown>, owner?: string): Promise<number | null> {
    if (!isUuid(runId)) return null
    try {
      const next = this.#db
        .update(runs)
        .set({ lastSeq: sql`${runs.lastSeq} + 1` })
        .where(and(eq(runs.id, runId), eq(runs.status, 'running'), owner === undefined ? undefined : eq(runs.owner, owner)))
        .returning()
      const [run] = await withEvent(this.#db, next, type, data)
      return run?.lastSeq ?? null
    } catch (error) {
      throw textError(error)
    }
  }

  /** The run's events after `afterSeq` (0 for all), in order, at most `limit`. */
  async list(runId: string, afterSeq = 0, limit = BATCH): Promise<RunEvent[]> {
    if (!isUuid(runId)) return []
    return this.#db
      .select()
      .from(runEvents)
      .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, afterSeq)))
      .orderBy(asc(runEvents.seq))
      .limit(limit)
  }

  /**
   * Every event after `afterSeq`, in order, each once, stored ones first. Ends after the run's last event, when
   * `signal` is aborted, and at once where there is no such run. While it waits only `signal` ends it, not `return()`.
   */
  async *follow(runId: string, afterSeq = 0, signal?: AbortSignal): AsyncGenerator<RunEvent, void, void> {
    let woken = true
    let resume = () => {}
    const wake = () => {
      woken = true
      resume()
    }
    // Listening before the first read: an event between the two is read then, or wakes the next read.
    const stop = this.#notifications.onEvent(runId, wake)
    signal?.addEventListener('abort', wake)
    try {
      let last = afterSeq
      while (!signal?.aborted) {
        woken = false
        const events = await this.list(runId, last)
        for (const event of events) {
          if (signal?.aborted) return
          last = event.seq
          yield event
          if (isFinal(event.type)) return
        }
        if (events.length === BATCH) continue
        if (events.length === 0 && (await this.#over(runId, last))) return
        if (!woken && !signal?.aborted) await new Promise<void>((resolve) => (resume = resolve))
      }
    } finally {
      stop()
      signal?.removeEventListener('abort', wake)
    }
  }

  /** Whether no event after `seq` can come any more. */
  async #over(runId: string, seq: number): Promise<boolean> {
    if (!isUuid(runId)) return true
    const [run] = await this.#db.select({ status: runs.status, lastSeq: runs.lastSeq }).from(runs).where(eq(runs.id, runId))
    return !run || (isFinal(run.status) && run.lastSeq <= seq)
  }
}
