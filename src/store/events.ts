/**
 * The events of a run: numbered 1, 2, 3 … and stored, so that late listeners get them from the start. The run's row hands
 * out the numbers, under its lock, in the transaction that stores the event: events commit in the order of their numbers,
 * and "all after n" can never miss one that commits later.
 */

import { isUuid } from './cursor.ts'
import type { Database } from './database.ts'
import { and, asc, eq, gt, sql } from './drizzle.ts'
import { textError } from './errors.ts'
import type { Notifications } from './notifications.ts'
import { isFinal, type Run, type RunEvent, runEvents, runs } from './schema.ts'
import { withEvent } from './transitions.ts'
import { turns } from './turns.ts'

/** Events read at a time. */
const BATCH = 500
/** Reads of a run that are cached until its next event: most followers read at its end, late ones at its start. */
const SHARED_READS = 4

/** Events read from the table. */
interface Read {
  events: RunEvent[]
  /** Nothing can come after these: the run has had its last event, or there is no such run. */
  over: boolean
  missing: boolean
}

/** A run with followers. */
interface Followed {
  /** One a follower. */
  wakes: Set<() => void>
  /** By the number after which they begin. */
  reads: Map<number, Promise<Read>>
  stop(): void
}

/** An event of a run, and what the run is. */
export interface RunEventInContext
  extends RunEvent,
    Pick<Run, 'device' | 'deviceUuid' | 'host' | 'runtime' | 'batch' | 'labels' | 'status' | 'architectureId' | 'queuedAt'> {
  verdict: string | null
}

export class Events {
  readonly #db: Database
  readonly #notifications: Notifications
  readonly #followed = new Map<string, Followed>()

  constructor(db: Database, notifications: Notifications) {
    this.#db = db
    this.#notifications = notifications
  }

  /**
   * Adds an event to a running run.
   * @param owner where given, only while that owner holds the run.
   * @returns its number, or null where the run is not running (any more): the final event stays the last.
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

  /** These events, each with what its run is now; in no particular order, without those that are not there. */
  async getMany(refs: readonly { runId: string; seq: number }[]): Promise<RunEventInContext[]> {
    const { device, deviceUuid, host, runtime, batch, labels, status, architectureId, queuedAt, certificate } = runs
    return this.#db
      .select({
        ...{ runId: runEvents.runId, seq: runEvents.seq, type: runEvents.type, data: runEvents.data, at: runEvents.at },
        ...{ device, deviceUuid, host, runtime, batch, labels, status, architectureId, queuedAt },
        verdict: sql<string | null>`${certificate} ->> 'verdict'`,
      })
      .from(runEvents)
      .innerJoin(runs, eq(runs.id, runEvents.runId))
      .where(
        sql`(${runEvents.runId}, ${runEvents.seq}) IN (
          SELECT "runId", seq FROM json_to_recordset(${JSON.stringify(refs)}::json) AS asked ("runId" uuid, seq integer))`,
      )
  }

  /** Whether events after `afterSeq` are stored or can still come: one read for all who ask before they follow the run. */
  async outlook(runId: string, afterSeq: number): Promise<'missing' | 'over' | 'open'> {
    if (!isUuid(runId)) return 'missing'
    const wake = () => {}
    const followed = this.#join(runId, wake)
    try {
      const { over, missing } = await this.#read(followed, runId, afterSeq)
      // All who asked during that read come here at once.
      await turns.take()
      return missing ? 'missing' : over ? 'over' : 'open'
    } finally {
      this.#leave(runId, followed, wake)
    }
  }

  /**
   * Every event after `afterSeq`, in order, each once, stored ones first. Ends after the run's last event, when
   * `signal` is aborted, and at once where there is no such run. While it waits only `signal` ends it, not `return()`.
   */
  async *follow(runId: string, afterSeq = 0, signal?: AbortSignal): AsyncGenerator<RunEvent, void, void> {
    if (!isUuid(runId)) return
    let woken = true
    let resume = () => {}
    const wake = () => {
      woken = true
      resume()
    }
    // Listening before the first read: an event between the two is read then, or wakes the next read.
    const followed = this.#join(runId, wake)
    signal?.addEventListener('abort', wake)
    try {
      let last = afterSeq
      while (!signal?.aborted) {
        woken = false
        const { events, over } = await this.#read(followed, runId, last)
        for (const event of events) {
          // All who follow the run come here at once.
          await turns.take()
          if (signal?.aborted) return
          last = event.seq
          yield event
          if (isFinal(event.type)) return
        }
        if (events.length === BATCH) continue
        if (over) return
        if (!woken && !signal?.aborted) await new Promise<void>((resolve) => (resume = resolve))
      }
    } finally {
      this.#leave(runId, followed, wake)
      signal?.removeEventListener('abort', wake)
    }
  }

  #join(runId: string, wake: () => void): Followed {
    let followed = this.#followed.get(runId)
    if (!followed) {
      const made: Followed = { wakes: new Set(), reads: new Map(), stop: () => {} }
      made.stop = this.#notifications.onEvent(runId, () => {
        made.reads.clear()
        for (const wake of made.wakes) wake()
      })
      this.#followed.set(runId, (followed = made))
    }
    followed.wakes.add(wake)
    return followed
  }

  #leave(runId: string, followed: Followed, wake: () => void): void {
    followed.wakes.delete(wake)
    if (followed.wakes.size > 0) return
    followed.stop()
    if (this.#followed.get(runId) === followed) this.#followed.delete(runId)
  }

  /** Shares one read among all who need the same. A read made before a notice is not used after it. */
  #read({ reads }: Followed, runId: string, afterSeq: number): Promise<Read> {
    const begun = reads.get(afterSeq)
    if (begun) return begun
    const read = this.#readNow(runId, afterSeq)
    reads.set(afterSeq, read)
    read.catch(() => {
      if (reads.get(afterSeq) === read) reads.delete(afterSeq)
    })
    // Drops the oldest: its readers have moved on, or are few.
    if (reads.size > SHARED_READS) reads.delete(reads.keys().next().value!)
    return read
  }

  async #readNow(runId: string, afterSeq: number): Promise<Read> {
    const events = await this.list(runId, afterSeq)
    if (events.length > 0) return { events, over: false, missing: false }
    const [run] = await this.#db.select({ status: runs.status, lastSeq: runs.lastSeq }).from(runs).where(eq(runs.id, runId))
    return { events, over: !run || (isFinal(run.status) && run.lastSeq <= afterSeq), missing: !run }
  }
}
