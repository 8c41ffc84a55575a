/**
 * Every change of a run's state. Each is one UPDATE guarded by the state it leaves, with the run's event, its NOTIFY and its
 * ticket in the same transaction: the second of two finds no row, and nothing happens halfway.
 */

import type { Database, Transaction } from './database.ts'
import { and, eq, getTableColumns, inArray, is, isNotNull, SQL, type SQLWrapper, sql } from './drizzle.ts'
import { CHANNEL, deliveriesNotice, EVENT } from './notifications.ts'
import { addDeliveries, isWebhookEvent } from './outbox.ts'
import { saveSamples } from './samples.ts'
import { type FinalStatus, type Run, type RunError, runs } from './schema.ts'
import { chargeRun } from './shares.ts'
import type { Tickets } from './tickets.ts'
import { chargeDevices } from './usage.ts'

/** What a claim gives its holder; every later change requires it, so a holder that lost the run cannot change it. */
export interface Claim {
  id: string
  owner: string
  attempt: number
}

export interface Ending {
  status: FinalStatus
  result?: object
  /** In place of a result, of a run that compared two sides. */
  comparison?: object
  certificate?: object
  environment?: object
  /** Says why, for every status but `succeeded`. */
  error?: RunError
  samples?: Float64Array
  /** How long the device was taken, ms, by a clock that nobody sets; by the database's clock where left out. */
  ranMs?: number
  /** Its output, to compare later runs with; stored only with the samples. */
  output?: Float32Array
}

/** A run whose owner vanishes is executed once more and then fails: it may be what ended both services. */
export const MAX_OWNERS_LOST = 2

/** Why a run is queued again. */
export type Reason = 'shutdown' | 'deviceGone' | 'devicePaused' | 'OWNER_LOST'

const heldBy = (claim: Claim): SQL =>
  and(eq(runs.id, claim.id), eq(runs.status, 'running'), eq(runs.owner, claim.owner), eq(runs.attempt, claim.attempt))!

const COLUMNS = getTableColumns(runs)
type Change = Partial<{ [K in keyof Run]: Run[K] | SQL }>
const RELEASED = { owner: null, leaseUntil: null } satisfies Change

/**
 * The guarded UPDATE of a run's state, its event and the notice of it, as one statement.
 * @param data of the event: a document, or SQL over the columns of `runs` as they are after the change.
 */
const transition = (db: Database | Transaction, where: SQL, change: Change, type: string, data: object | SQL): Promise<Run[]> =>
  withEvent(
    db,
    db
      .update(runs)
      .set({ ...change, lastSeq: sql`${runs.lastSeq} + 1` })
      .where(where)
      .returning(),
    type,
    data,
  )

/**
 * Performs `write`, an INSERT or UPDATE of runs that sets their `lastSeq`, and adds an event with that number to each
 * run it touched, and its deliveries to webhooks, in one statement. @returns the runs as they are then.
 */
export async function withEvent(db: Database | Transaction, write: SQLWrapper, type: string, data: object | SQL): Promise<Run[]> {
  const written = db.$with('written', COLUMNS).as(write.getSQL())
  const added = db.$with('added', {}).as(sql`
    INSERT INTO run_events (run_id, seq, type, data)
    SELECT id, last_seq, ${type}::text, ${is(data, SQL) ? data : JSON.stringify(data)}::json FROM written`)
  const run = Object.fromEntries(Object.keys(COLUMNS).map((key) => [key, written[key as keyof typeof COLUMNS]]))
  const notice = sql`pg_notify(${CHANNEL}, ${EVENT} || id || ' ' || last_seq)`
  const outbox = isWebhookEvent(type) ? db.$with('outbox', {}).as(addDeliveries(type)) : null
  const rows = outbox
    ? await db
        .with(written, added, outbox)
        .select({ run, notice, delivering: sql`(SELECT ${deliveriesNotice()} FROM outbox LIMIT 1)` })
        .from(written)
    : await db.with(written, added).select({ run, notice }).from(written)
  return rows.map((row) => row.run as unknown as Run)
}

/** queued → running, for the run that `which` selects, unless the device already runs one, or is paused or drained. */
export async function claim(db: Database | Transaction, which: SQL, owner: string, leaseMs: number): Promise<Run | null> {
  const free = sql`NOT EXISTS (SELECT 1 FROM runs other WHERE other.device_uuid = ${runs.deviceUuid} AND other.status = 'running')`
  const active = sql`NOT EXISTS (SELECT 1 FROM device_states held WHERE held.device_uuid = ${runs.deviceUuid} AND held.state <> 'active')`
  const [run] = await transition(
    db,
    and(which, eq(runs.status, 'queued'), free, active)!,
    {
      status: 'running',
      attempt: sql`${runs.attempt} + 1`,
      owner,
      leaseUntil: sql`now() + ${leaseMs} * interval '1 millisecond'`,
      startedAt: sql`now()`,
    },
    'started',
    sql`json_build_object('attempt', attempt, 'waitMs', (extract(epoch FROM started_at - waiting_since) * 1000)::bigint)`,
  )
  return run ?? null
}

/** running → a final state, by its holder. */
export async function finish(tx: Transaction, held: Claim, ending: Ending): Promise<Run | null> {
  await chargeDevices(tx, heldBy(held))
  const { status, samples, output, result, comparison, certificate, environment, error } = ending
  const [run] = await transition(
    tx,
    heldBy(held),
    { ...RELEASED, status, finishedAt: sql`now()`, result, comparison, certificate, environment, error },
    status,
    error ? { error } : { certificate },
  )
  if (run && samples) await saveSamples(tx, run.id, samples, output)
  if (run) await chargeRun(tx, run.deviceUuid, run.keyId, ending.ranMs ?? timeOf(run))
  return run ?? null
}

/** From its start to its end by the database's clock, ms; within what it may take, however the clock was set meanwhile. */
const timeOf = ({ startedAt, finishedAt, timeoutMs }: Run): number =>
  Math.min(Math.max(finishedAt!.getTime() - startedAt!.getTime(), 0), timeoutMs)

const CANCELLED: RunError = { code: 'CANCELLED', message: 'Cancelled on request' }

/** Another priority for a waiting run, with an event. Null where it does not wait. */
export async function setPriority(tx: Transaction, id: string, priority: number): Promise<Run | null> {
  const data = sql`json_build_object('priority', priority)`
  const [run] = await transition(tx, and(eq(runs.id, id), eq(runs.status, 'queued'))!, { priority }, 'reprioritized', data)
  return run ?? null
}

/** queued → cancelled, for all runs that `where` selects. */
export async function cancelQueued(tx: Transaction, tickets: Tickets, where: SQL, error = CANCELLED): Promise<Run[]> {
  const cancelled = await transition(
    tx,
    and(where, eq(runs.status, 'queued'))!,
    { status: 'cancelled', finishedAt: sql`now()`, cancelRequestedAt: sql`now()`, error },
    'cancelled',
    { error },
  )
  await tickets.remove(tx, cancelled)
  return cancelled
}

/** running → queued, by its holder, through no fault of the run. Cancelled where that was requested. */
export async function giveBack(
  tx: Transaction,
  tickets: Tickets,
  held: Claim,
  reason: Exclude<Reason, 'OWNER_LOST'>,
  message: string,
): Promise<Run | null> {
  await chargeDevices(tx, heldBy(held))
  const [cancelled] = await cancelRunning(tx, heldBy(held))
  if (cancelled) return cancelled
  const [run] = await requeue(tx, tickets, heldBy(held), {}, reason, message)
  return run ?? null
}

/** running → cancelled, for what `where` selects and somebody asked to cancel. */
const cancelRunning = (tx: Transaction, where: SQL): Promise<Run[]> =>
  transition(
    tx,
    and(where, isNotNull(runs.cancelRequestedAt))!,
    { ...RELEASED, status: 'cancelled', finishedAt: sql`now()`, error: CANCELLED },
    'cancelled',
    { error: CANCELLED },
  )

async function requeue(tx: Transaction, tickets: Tickets, where: SQL, change: Change, reason: Reason, message: string): Promise<Run[]> {
  const requeued = await transition(
    tx,
    where,
    { ...RELEASED, ...change, status: 'queued', startedAt: null, waitingSince: sql`now()` },
    'requeued',
    sql`json_build_object('reason', ${reason}::text, 'message', ${message}::text, 'attempts', attempt)`,
  )
  for (const run of requeued) await tickets.send(tx, run, false)
  return requeued
}

/**
 * What becomes of running runs whose owners are gone: cancelled where that was asked for, failed after
 * `MAX_OWNERS_LOST`, queued again otherwise, each with its reason.
 * @param ids the runs, as read; `lost` is checked again for each, so a run whose owner came back in time is kept.
 */
export async function reclaim(tx: Transaction, tickets: Tickets, ids: readonly string[], lost: SQL): Promise<Run[]> {
  if (ids.length === 0) return []
  const gone = and(inArray(runs.id, [...ids]), eq(runs.status, 'running'), lost)!
  await chargeDevices(tx, gone)
  const cancelled = await cancelRunning(tx, gone)
  const ownersLost = sql`${runs.ownersLost} + 1`
  const error = {
    code: 'OWNER_LOST',
    message: 'The service stopped unexpectedly, twice. Check its log, fix the cause, queue the run again.',
  }
  const failed = await transition(
    tx,
    and(gone, sql`${ownersLost} >= ${MAX_OWNERS_LOST}`)!,
    { ...RELEASED, status: 'failed', finishedAt: sql`now()`, error, ownersLost },
    'failed',
    { error },
  )
  const message = 'The service stopped unexpectedly. The run is started again and fails if that happens once more.'
  const requeued = await requeue(tx, tickets, gone, { ownersLost }, 'OWNER_LOST', message)
  return [...cancelled, ...failed, ...requeued]
}
