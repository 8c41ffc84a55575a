/**
 * Start-time fair queueing between the keys whose runs wait for a device (P. Goyal, H. M. Vin, H. Cheng: Start-time Fair Queueing,
 * SIGCOMM 1996). A key's start tag is the device time that it has had, in ms over its weight; whose tag is least goes next. What a run
 * took is charged when it has ended, so no estimate decides who is next. The device's virtual time is the least tag among the keys that
 * wait; a key that comes anew begins there, so that time in which it asked for nothing is not saved up.
 */
import type { Database, Transaction } from './database.ts'
import { inArray, rowsOf, sql } from './drizzle.ts'

/** In place of a key's id, for runs without one: they queue together. */
export const NO_KEY = '00000000-0000-0000-0000-000000000000'

/** Up to this priority runs go before others of their own key; above it, which takes an admin, before those of every key. */
export const MOST_SHARED_PRIORITY = 10

/** The first run of a key, and the key's start tag. */
export interface Head {
  priority: number
  /** ms since the epoch. */
  queuedAt: number
  id: string
  start: number
}

const urgency = ({ priority }: Head): number => Math.max(priority, MOST_SHARED_PRIORITY)

/** Below 0 where `a` goes first: what an admin put before everything, then the key with the lesser start tag, then who came first. */
export const byShare = (a: Head, b: Head): number =>
  urgency(b) - urgency(a) ||
  (a.priority > MOST_SHARED_PRIORITY ? 0 : a.start - b.start) ||
  a.queuedAt - b.queuedAt ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** A key's share of a device. */
export interface Share {
  /** Its start tag, ms. */
  start: number
  weight: number
}

/**
 * The run that the device executes next, or null where none waits. Advances the device's virtual time, and holds the first run of each
 * key until the transaction ends; one that somebody else holds is passed over.
 */
export async function nextRun(tx: Transaction, deviceUuid: string): Promise<string | null> {
  const heads = await rowsOf<Head>(
    tx,
    sql`
    WITH flows AS (
      SELECT DISTINCT coalesce(key_id, ${NO_KEY}::uuid) AS flow FROM runs WHERE device_uuid = ${deviceUuid} AND status = 'queued'
    ), heads AS MATERIALIZED (
      SELECT first.id, first.priority, (date_part('epoch', first.queued_at) * 1000)::float8 AS queued_at,
        greatest(coalesce(share.start_ms, 0), coalesce(clock.virtual_ms, 0)) AS start
      FROM flows
      CROSS JOIN LATERAL (
        SELECT id, priority, queued_at FROM runs
        WHERE device_uuid = ${deviceUuid} AND status = 'queued' AND coalesce(key_id, ${NO_KEY}::uuid) = flows.flow
        ORDER BY priority DESC, queued_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
      ) AS first
      LEFT JOIN device_shares share ON share.device_uuid = ${deviceUuid} AND share.key_id = flows.flow
      LEFT JOIN device_clocks clock ON clock.device_uuid = ${deviceUuid}
    ), advanced AS (
      INSERT INTO device_clocks (device_uuid, virtual_ms) SELECT ${deviceUuid}, min(start) FROM heads HAVING count(*) > 0
      ON CONFLICT (device_uuid) DO UPDATE SET virtual_ms = greatest(device_clocks.virtual_ms, excluded.virtual_ms)
    )
    SELECT id, priority, queued_at AS "queuedAt", start FROM heads`,
  )
  return heads.sort(byShare)[0]?.id ?? null
}

/** A run was queued: a key for which nothing waited begins at the device's virtual time. The tag of one that waits is no less anyway. */
export async function joinQueue(tx: Transaction, deviceUuid: string, keyId: string | null): Promise<void> {
  await tx.execute(sql`
    WITH device AS (SELECT coalesce((SELECT virtual_ms FROM device_clocks WHERE device_uuid = ${deviceUuid}), 0) AS virtual_ms)
    INSERT INTO device_shares (device_uuid, key_id, start_ms)
    SELECT ${deviceUuid}, ${keyId ?? NO_KEY}::uuid, virtual_ms FROM device
    WHERE NOT EXISTS (
      SELECT 1 FROM device_shares WHERE device_uuid = ${deviceUuid} AND key_id = ${keyId ?? NO_KEY}::uuid AND start_ms >= virtual_ms)
    ON CONFLICT (device_uuid, key_id) DO UPDATE SET start_ms = excluded.start_ms WHERE device_shares.start_ms < excluded.start_ms`)
}

/**
 * A run has ended after so many ms of device time: its key's tag moves on by them over its weight. Where nothing waits any more, a busy
 * period is over: the device's virtual time becomes the greatest tag, so that nobody is in debt when the next ones come.
 */
export async function chargeRun(tx: Transaction, deviceUuid: string, keyId: string | null, ranMs: number): Promise<void> {
  const flow = sql`${keyId ?? NO_KEY}::uuid`
  const charge = sql`${ranMs}::float8 / coalesce((SELECT weight FROM api_keys WHERE id = ${flow}), 1)`
  await tx.execute(sql`
    WITH share AS (
      INSERT INTO device_shares (device_uuid, key_id, start_ms)
      VALUES (${deviceUuid}, ${flow}, coalesce((SELECT virtual_ms FROM device_clocks WHERE device_uuid = ${deviceUuid}), 0) + ${charge})
      ON CONFLICT (device_uuid, key_id) DO UPDATE SET start_ms = device_shares.start_ms + ${charge}
      RETURNING start_ms
    )
    INSERT INTO device_clocks (device_uuid, virtual_ms)
    SELECT ${deviceUuid}, greatest(start_ms, (SELECT max(start_ms) FROM device_shares WHERE device_uuid = ${deviceUuid})) FROM share
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE device_uuid = ${deviceUuid} AND status = 'queued')
    ON CONFLICT (device_uuid) DO UPDATE SET virtual_ms = greatest(device_clocks.virtual_ms, excluded.virtual_ms)`)
}

/** The shares of keys on these devices, by device UUID and then by key id, `NO_KEY` for runs without one. */
export async function sharesOf(db: Database, deviceUuids: readonly string[]): Promise<Map<string, Map<string, Share>>> {
  const shares = new Map<string, Map<string, Share>>(deviceUuids.map((uuid) => [uuid, new Map()]))
  if (deviceUuids.length === 0) return shares
  const rows = await rowsOf<Share & { deviceUuid: string; keyId: string }>(
    db,
    sql`
    SELECT share.device_uuid AS "deviceUuid", share.key_id AS "keyId", coalesce(made.weight, 1) AS weight,
      greatest(share.start_ms, clock.virtual_ms) AS start
    FROM device_shares share
    LEFT JOIN device_clocks clock ON clock.device_uuid = share.device_uuid
    LEFT JOIN api_keys made ON made.id = share.key_id
    WHERE ${inArray(sql`share.device_uuid`, [...deviceUuids])}`,
  )
  for (const { deviceUuid, keyId, start, weight } of rows) shares.get(deviceUuid)!.set(keyId, { start, weight })
  return shares
}
