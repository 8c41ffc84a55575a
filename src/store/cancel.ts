/** Ends of runs that somebody asks for: of one, and of all that fit. */
import { type AuditLine, writeLine } from './audit.ts'
import { isUuid } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, asc, eq, inArray, momentOf, rowsOf, sql } from './drizzle.ts'
import { textError } from './errors.ts'
import { cancelNotice } from './notifications.ts'
import { filters, type RunFilter } from './run-list.ts'
import { type Run, runs } from './schema.ts'
import type { Tickets } from './tickets.ts'
import * as transitions from './transitions.ts'

/** Runs cancelled in one transaction: few enough that others get their turn soon. */
const cancelledAtOnce = 100

/** `requested`: its owner has been told, and it ends soon; `finished`: there was nothing left to cancel. */
export interface Cancellation {
  effect: 'cancelled' | 'requested' | 'finished'
  run: Run
}

/**
 * Cancels a queued run at once; asks the owner of a running one to. Null where there is no such run.
 * @param line of the audit log, written with the change, as one that is about `subjectId`.
 */
export async function cancelRun(
  db: Database,
  tickets: Tickets,
  id: string,
  line?: AuditLine,
  subjectId = id,
): Promise<Cancellation | null> {
  if (!isUuid(id)) return null
  const [seen] = await db.select({ deviceUuid: runs.deviceUuid }).from(runs).where(eq(runs.id, id))
  if (!seen) return null
  await tickets.ensureQueue(seen.deviceUuid)
  return db.transaction(async (tx) => {
    const [run] = await tx.select().from(runs).where(eq(runs.id, id)).for('update')
    if (!run) return null
    if (run.status === 'queued') {
      const [cancelled] = await transitions.cancelQueued(tx, tickets, eq(runs.id, id))
      await writeLine(tx, line, subjectId)
      return { effect: 'cancelled', run: cancelled! }
    }
    if (run.status !== 'running') return { effect: 'finished', run }
    const [asked] = await tx
      .update(runs)
      .set({ cancelRequestedAt: sql`coalesce(${runs.cancelRequestedAt}, now())` })
      .where(eq(runs.id, id))
      .returning()
    await tx.execute(sql`SELECT ${cancelNotice(id)}`)
    await writeLine(tx, line, subjectId)
    return { effect: 'requested', run: asked! }
  })
}

/**
 * Cancels waiting runs that fit, a hundred in each transaction, and asks the owners of running ones to end them. Runs queued
 * meanwhile are not concerned. Yields what each transaction did.
 * @param line of the audit log, written with the first change, so that a process that ends meanwhile leaves none without one.
 * @throws StoreError INVALID_TEXT
 */
export async function* cancelRuns(
  db: Database,
  tickets: Tickets,
  filter: RunFilter,
  line?: AuditLine,
): AsyncGenerator<{ cancelled: Run[]; requested: Run[] }, void, void> {
  try {
    const until = await databaseNow(db)
    for (const uuid of await devicesOf(db, filter)) await tickets.ensureQueue(uuid)
    for (;;) {
      const cancelled = await db.transaction(async (tx) => {
        const some = await cancelSome(tx, tickets, filter, until)
        if (some.length > 0 && !line?.written) await writeLine(tx, line, '')
        return some
      })
      if (cancelled.length > 0) yield { cancelled, requested: [] }
      if (cancelled.length < cancelledAtOnce) break
    }
    for (const id of await runningIds(db, filter, until)) {
      const change = await cancelRun(db, tickets, id, line?.written ? undefined : line, '')
      if (change?.effect === 'cancelled') yield { cancelled: [change.run], requested: [] }
      else if (change?.effect === 'requested') yield { cancelled: [], requested: [change.run] }
    }
  } catch (error) {
    throw textError(error)
  }
}

/** Now, by the clock by which runs are queued. */
async function databaseNow(db: Database): Promise<Date> {
  const [row] = await rowsOf<{ ms: number }>(db, sql`SELECT (extract(epoch FROM now()) * 1000)::float8 AS ms`)
  return new Date(Math.ceil(row!.ms))
}

/** Cancels some of the waiting runs that fit and were queued by `until`. Those that somebody else just changes are passed over. */
async function cancelSome(tx: Transaction, tickets: Tickets, filter: RunFilter, until: Date): Promise<Run[]> {
  const some = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(and(filters(filter), eq(runs.status, 'queued'), queuedBy(until)))
    .orderBy(asc(runs.id))
    .limit(cancelledAtOnce)
    .for('update', { skipLocked: true })
  if (some.length === 0) return []
  return transitions.cancelQueued(
    tx,
    tickets,
    inArray(
      runs.id,
      some.map(({ id }) => id),
    ),
  )
}

/** Ids of the runs in progress that fit and were queued by `until`. */
async function runningIds(db: Database, filter: RunFilter, until: Date): Promise<string[]> {
  const rows = await db
    .select({ id: runs.id })
    .from(runs)
    .where(and(filters(filter), eq(runs.status, 'running'), queuedBy(until)))
  return rows.map(({ id }) => id)
}

/** UUIDs of the devices for which runs that fit wait. */
async function devicesOf(db: Database, filter: RunFilter): Promise<string[]> {
  const rows = await db
    .selectDistinct({ deviceUuid: runs.deviceUuid })
    .from(runs)
    .where(and(filters(filter), eq(runs.status, 'queued')))
  return rows.map(({ deviceUuid }) => deviceUuid)
}

const queuedBy = (until: Date) => sql`${runs.queuedAt} <= ${momentOf(until)}`
