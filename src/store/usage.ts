/**
 * What keys use, and how much they may. Runs and device time are kept in a ledger by the hour, in UTC; bytes are those of what is stored
 * now. Whoever adds to a key's use locks its row first, so that two requests at once cannot both take what is left.
 */
import { isUuid } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { eq, rowsOf, type SQL, sql } from './drizzle.ts'
import { StoreError } from './errors.ts'
import { type ApiKey, apiKeys, keyUsage, runs } from './schema.ts'

/** Null: as much as it wants. */
export interface Quotas {
  /** In an hour of the clock. */
  runsPerHour: number | null
  /** Time for which runs hold devices, in a day in UTC. */
  deviceSecondsPerDay: number | null
  /** Of the networks that it registered and nobody deleted: their files, and their graphs as stored. */
  bytesStored: number | null
}

export interface Usage {
  /** Since the hour began; until when it lasts. */
  hour: { from: Date; until: Date; runs: number }
  /** Since the day began in UTC. `expectedMs`: of runs that wait or run. */
  day: { from: Date; until: Date; runs: number; deviceMs: number; expectedMs: number }
  bytes: number
  total: { runs: number; deviceMs: number }
  /** The latest days on which it was used, the latest first. */
  days: { day: string; runs: number; deviceMs: number }[]
}

/** A key has used what it may. */
export class QuotaError extends StoreError {
  /** After how many seconds more is free; null where time frees nothing. */
  readonly retryAfterSeconds: number | null
  constructor(code: 'QUOTA_EXCEEDED' | 'STORAGE_QUOTA_EXCEEDED', message: string, retryAfterSeconds: number | null) {
    super(code, message)
    this.name = 'QuotaError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const hour = sql`date_trunc('hour', now(), 'UTC')`
const day = sql`date_trunc('day', now(), 'UTC')`
const ask = 'an admin can raise the quota'
/** At most so many days are listed. */
const mostDays = 31

type Held = Pick<ApiKey, 'id' | 'prefix' | 'runsPerHour' | 'deviceSecondsPerDay' | 'bytesStored'>

/** Locks a key's row until the transaction ends. Uses of it and their keys' other changes wait; references to it do not. */
async function hold(tx: Transaction, keyId: string): Promise<Held> {
  const { id, prefix, runsPerHour, deviceSecondsPerDay, bytesStored } = apiKeys
  const [key] = await tx
    .select({ id, prefix, runsPerHour, deviceSecondsPerDay, bytesStored })
    .from(apiKeys)
    .where(eq(id, keyId))
    .for('no key update')
  return key!
}

/**
 * Counts a run that its key queues, in the transaction that stores it.
 * @throws QuotaError QUOTA_EXCEEDED
 */
export async function countRun(
  tx: Transaction,
  { keyId, expectedMs }: { keyId?: string | null; expectedMs?: number | null },
): Promise<void> {
  if (!keyId) return
  const key = await hold(tx, keyId)
  const [counted] = await tx
    .insert(keyUsage)
    .values({ keyId, hour: hour as never, runs: 1 })
    .onConflictDoUpdate({ target: [keyUsage.keyId, keyUsage.hour], set: { runs: sql`${keyUsage.runs} + 1` } })
    .returning({ runs: keyUsage.runs, leftMs: leftMs(sql`interval '1 hour'`, hour) })
  const { prefix, runsPerHour, deviceSecondsPerDay } = key
  if (runsPerHour !== null && counted!.runs > runsPerHour) {
    const { seconds, moment } = freed(counted!.leftMs)
    throw new QuotaError(
      'QUOTA_EXCEEDED',
      `The key ${prefix}… may queue ${runsPerHour} runs an hour, and has queued ${counted!.runs - 1} in this one: it may go on at ${moment}, in ${seconds} s, or ${ask}`,
      seconds,
    )
  }
  if (deviceSecondsPerDay === null) return
  const { usedMs, waitingMs, left } = await deviceTime(tx, keyId)
  if (usedMs + waitingMs + (expectedMs ?? 0) <= deviceSecondsPerDay * 1000 && usedMs < deviceSecondsPerDay * 1000) return
  const { seconds, moment } = freed(left)
  const s = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  throw new QuotaError(
    'QUOTA_EXCEEDED',
    `The key ${prefix}… may hold devices for ${deviceSecondsPerDay} s a day, in UTC: ${s(usedMs)} are used, ${s(waitingMs)} are expected of its runs ` +
      `that wait or run, and ${s(expectedMs ?? 0)} of this one. It may go on at ${moment}, in ${seconds} s; cancel waiting runs, or ${ask}`,
    seconds,
  )
}

/** Time until a span that began at `from` is over, ms. */
const leftMs = (span: SQL, from: SQL) => sql<number>`(extract(epoch FROM ${from} + ${span} - now()) * 1000)::float8`

function freed(left: number): { seconds: number; moment: string } {
  return {
    seconds: Math.max(1, Math.ceil(left / 1000)),
    moment: new Date(Math.round((Date.now() + left) / 1000) * 1000).toISOString().replace('.000', ''),
  }
}

const elapsed = sql`extract(epoch FROM now() - ${runs.startedAt}) * 1000`

async function deviceTime(db: Database | Transaction, keyId: string): Promise<{ usedMs: number; waitingMs: number; left: number }> {
  const [row] = await rowsOf<{ usedMs: number; waitingMs: number; left: number }>(
    db,
    sql`
    SELECT
      (SELECT coalesce(sum(device_ms), 0)::float8 FROM key_usage WHERE key_id = ${keyId} AND hour >= ${day}) AS "usedMs",
      (SELECT coalesce(sum(greatest(expected_ms, ${elapsed}, 0)), 0)::float8 FROM runs
        WHERE key_id = ${keyId} AND status IN ('queued', 'running')) AS "waitingMs",
      ${leftMs(sql`interval '1 day'`, day)} AS left`,
  )
  return row!
}

/**
 * Charges the keys of the running runs that `where` selects for the time they have held their devices. To be called in the transaction that
 * ends or requeues them, before it does: the rows stay locked until then.
 */
export async function chargeDevices(tx: Transaction, where: SQL): Promise<void> {
  await tx.execute(sql`
    WITH held AS (SELECT key_id, started_at FROM runs WHERE ${where} AND status = 'running' AND key_id IS NOT NULL FOR UPDATE)
    INSERT INTO key_usage AS used (key_id, hour, device_ms)
    SELECT key_id, ${hour}, sum(greatest(extract(epoch FROM now() - started_at), 0) * 1000) FROM held GROUP BY key_id ORDER BY key_id
    ON CONFLICT (key_id, hour) DO UPDATE SET device_ms = used.device_ms + excluded.device_ms`)
}

/** Bytes that the networks of a key take, deleted ones left out. */
async function bytesOf(db: Database | Transaction, keyId: string): Promise<number> {
  const [row] = await rowsOf<{ bytes: number }>(
    db,
    sql`
    WITH own AS (SELECT id, blob, octet_length(graph) AS graph_bytes FROM architectures WHERE key_id = ${keyId} AND deleted_at IS NULL),
      files AS (SELECT blob AS digest FROM own WHERE blob IS NOT NULL
        UNION SELECT digest FROM architecture_data WHERE architecture_id IN (SELECT id FROM own))
    SELECT ((SELECT coalesce(sum(graph_bytes), 0) FROM own)
      + (SELECT coalesce(sum(bytes), 0) FROM blobs WHERE digest IN (SELECT digest FROM files)))::float8 AS bytes`,
  )
  return row!.bytes
}

/** Locks the key, so that nobody else adds to its bytes before `requireBytes`. */
export async function holdBytes(tx: Transaction, keyId: string | null | undefined): Promise<Held | null> {
  return keyId ? hold(tx, keyId) : null
}

/** @param key null: whoever has none has no quota. @param adding bytes that are not stored yet. @throws QuotaError STORAGE_QUOTA_EXCEEDED */
export async function requireBytes(db: Database | Transaction, key: Held | null, adding = 0): Promise<void> {
  if (!key || key.bytesStored === null) return
  const bytes = (await bytesOf(db, key.id)) + adding
  if (bytes <= key.bytesStored) return
  throw new QuotaError(
    'STORAGE_QUOTA_EXCEEDED',
    `The key ${key.prefix}… may keep ${key.bytesStored} bytes of networks, and would have ${bytes} with this one: delete networks that it registered, or ${ask}`,
    null,
  )
}

export class KeyUsage {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Whether these files would fit, before they are written: those that the key has already take nothing. @throws QuotaError STORAGE_QUOTA_EXCEEDED */
  async requireFiles(keyId: string | null, files: readonly { digest: string; bytes: number }[]): Promise<void> {
    if (keyId === null) return
    const [key] = await this.#db.select().from(apiKeys).where(eq(apiKeys.id, keyId))
    if (!key || key.bytesStored === null) return
    const has = await rowsOf<{ digest: string }>(
      this.#db,
      sql`SELECT blob AS digest FROM architectures WHERE key_id = ${keyId} AND deleted_at IS NULL AND blob IS NOT NULL
        UNION SELECT d.digest FROM architecture_data d JOIN architectures ON id = architecture_id WHERE key_id = ${keyId} AND deleted_at IS NULL`,
    )
    const known = new Set(has.map(({ digest }) => digest))
    const fresh = new Map(files.filter(({ digest }) => !known.has(digest)).map((file) => [file.digest, file.bytes]))
    await requireBytes(
      this.#db,
      key,
      [...fresh.values()].reduce((sum, bytes) => sum + bytes, 0),
    )
  }

  /** What a key uses. Null for what is no id. */
  async of(keyId: string): Promise<Usage | null> {
    if (!isUuid(keyId)) return null
    const [now] = await rowsOf<{ hour: number; day: number; runs: number }>(
      this.#db,
      sql`SELECT (extract(epoch FROM ${hour}) * 1000)::float8 AS hour, (extract(epoch FROM ${day}) * 1000)::float8 AS day,
        coalesce((SELECT runs FROM key_usage WHERE key_id = ${keyId} AND hour = ${hour}), 0)::float8 AS runs`,
    )
    const list = await rowsOf<{ day: string; runs: number; deviceMs: number }>(
      this.#db,
      sql`SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, sum(runs)::float8 AS runs, sum(device_ms)::float8 AS "deviceMs"
        FROM key_usage WHERE key_id = ${keyId} GROUP BY 1 ORDER BY 1 DESC`,
    )
    const { usedMs, waitingMs } = await deviceTime(this.#db, keyId)
    const today = new Date(now!.day).toISOString().slice(0, 10)
    const sum = (of: 'runs' | 'deviceMs') => list.reduce((total, each) => total + each[of], 0)
    return {
      hour: { from: new Date(now!.hour), until: new Date(now!.hour + 3_600_000), runs: now!.runs },
      day: {
        from: new Date(now!.day),
        until: new Date(now!.day + 86_400_000),
        runs: list.find((each) => each.day === today)?.runs ?? 0,
        deviceMs: usedMs,
        expectedMs: waitingMs,
      },
      bytes: await bytesOf(this.#db, keyId),
      total: { runs: sum('runs'), deviceMs: sum('deviceMs') },
      days: list.slice(0, mostDays),
    }
  }
}
