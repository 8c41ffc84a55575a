/** Changes of runs that wait: their priority, and the end of many at once. */
import type { Database, Transaction } from './database.ts'
import { and, asc, eq, inArray, rowsOf, sql } from './drizzle.ts'
import { filters, type RunFilter } from './run-list.ts'
import { type Run, runs } from './schema.ts'
import type { Tickets } from './tickets.ts'
import * as transitions from './transitions.ts'

/** Runs cancelled in one transaction: few enough that others get their turn soon. */
export const cancelledAtOnce = 100

/** Now, by the clock by which runs are queued. */
export async function databaseNow(db: Database): Promise<Date> {
  const [row] = await rowsOf<{ ms: number }>(db, sql`SELECT (extract(epoch FROM now()) * 1000)::float8 AS ms`)
  return new Date(Math.ceil(row!.ms))
}

/** Cancels some of the waiting runs that fit and were queued by `until`. Those that somebody else just changes are passed over. */
export async function cancelSome(tx: Transaction, tickets: Tickets, filter: RunFilter, until: Date): Promise<Run[]> {
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
export async function runningIds(db: Database, filter: RunFilter, until: Date): Promise<string[]> {
  const rows = await db
    .select({ id: runs.id })
    .from(runs)
    .where(and(filters(filter), eq(runs.status, 'running'), queuedBy(until)))
  return rows.map(({ id }) => id)
}

/** UUIDs of the devices for which runs that fit wait. */
export async function devicesOf(db: Database, filter: RunFilter): Promise<string[]> {
  const rows = await db
    .selectDistinct({ deviceUuid: runs.deviceUuid })
    .from(runs)
    .where(and(filters(filter), eq(runs.status, 'queued')))
  return rows.map(({ deviceUuid }) => deviceUuid)
}

const queuedBy = (until: Date) => sql`${runs.queuedAt} <= to_timestamp(${until.getTime() / 1000}::float8)`
