/** How many runs may wait: beyond it whoever queues more is told to come again, since a queue of days helps nobody. */
import type { Transaction } from './database.ts'
import { rowsOf, sql } from './drizzle.ts'
import { StoreError } from './errors.ts'
import type { NewRun } from './run-queries.ts'

/** Most runs that may wait; 0: as many as there are. */
export interface QueueBounds {
  /** For one device. */
  device: number
  /** Of one key, on all devices together. */
  key: number
}

export class QueueFullError extends StoreError {
  /** After how many seconds a place is expected to be free. */
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number) {
    super('QUEUE_FULL', message)
    this.name = 'QueueFullError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Longest time after which a client is told to come again, s. */
const mostSeconds = 3600

/**
 * Asks for a place in the queue, in the transaction that stores the run: those who ask for one device do so one after the other, so that
 * requests at once cannot pass the bound together.
 * @throws QueueFullError with the figures.
 */
export async function requireRoom(tx: Transaction, run: NewRun, { device, key }: QueueBounds): Promise<void> {
  const { deviceUuid, keyId } = run
  if (device > 0) await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${deviceUuid}, 0))`)
  if (device > 0 && (await atLeast(tx, sql`device_uuid = ${deviceUuid}`, device))) {
    const which = `for ${run.device} of ${run.host}`
    throw await full(
      tx,
      deviceUuid,
      `${device} runs wait ${which}, and no more may (MAX_WAITING_PER_DEVICE)`,
      'cancel some, or take another device',
    )
  }
  if (!keyId || key === 0) return
  // Its requests for several devices come one after the other, too.
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${keyId}, 1))`)
  if (await atLeast(tx, sql`key_id = ${keyId}`, key))
    throw await full(tx, deviceUuid, `${key} runs of this key wait, and no more of one key may (MAX_WAITING_PER_KEY)`, 'cancel some')
}

/** Whether so many wait. No more than that are counted. */
async function atLeast(tx: Transaction, which: ReturnType<typeof sql>, bound: number): Promise<boolean> {
  const [row] = await rowsOf<{ n: number }>(
    tx,
    sql`SELECT count(*)::int AS n FROM (SELECT 1 FROM runs WHERE ${which} AND status = 'queued' LIMIT ${bound}) AS waiting`,
  )
  return row!.n >= bound
}

/** A place becomes free when a run starts: after about as long as one is expected to take. */
async function full(tx: Transaction, deviceUuid: string, what: string, instead: string): Promise<QueueFullError> {
  const [row] = await rowsOf<{ ms: number | null }>(
    tx,
    sql`SELECT avg(expected_ms)::float8 AS ms FROM runs WHERE device_uuid = ${deviceUuid} AND status IN ('queued', 'running')`,
  )
  const seconds = Math.min(Math.max(1, Math.ceil((row!.ms ?? 0) / 1000)), mostSeconds)
  return new QueueFullError(`${what}: try again in ${seconds} s, when one of them is expected to have started, or ${instead}`, seconds)
}
