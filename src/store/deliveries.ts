/**
 * Deliveries to webhooks: claimed by one process at a time for a lease, tried until they succeed or their time is over. A process that
 * ends during an attempt leaves its lease, and another attempt follows: at least once.
 */
import { type AuditLine, writeLine } from './audit.ts'
import { after, isUuid, keyOf, type Order, orderBy, type Page, page } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, eq, inArray, rowsOf, type SQL, sql } from './drizzle.ts'
import { deliveriesNotice } from './notifications.ts'
import { type DeliveryStatus, type WebhookDelivery, webhookDeliveries, webhooks } from './schema.ts'

/** An attempt that this process is to make. */
export interface DeliveryClaim {
  id: string
  webhookId: string
  event: string
  runId: string | null
  seq: number | null
  /** Which attempt this is, from 1. */
  attempt: number
  createdAt: Date
  url: string
  /** The webhook's, the newest first. */
  secrets: string[]
}

/** How an attempt failed, and what follows from it. */
export interface AttemptFailure {
  /** Of the answer; null where none came. */
  responseStatus: number | null
  error: string
  durationMs: number
  /** The shortest time until the next attempt, ms: what the receiver asked for. */
  leastMs: number
  /** By which a pause is stretched or shortened, so that receivers are not called in step. */
  jitter: number
  /** No further attempt after so long, ms. */
  giveUpMs: number
  /** A webhook that fails for so long is disabled, ms; 0: at once. */
  disableMs: number
  disabledReason: string
}

export interface DeliveryFilter {
  webhookId?: readonly string[] | undefined
  runId?: readonly string[] | undefined
  status?: readonly DeliveryStatus[] | undefined
  event?: readonly string[] | undefined
}

const PAGE = { default: 50, most: 500 }
const newestFirst: Order = {
  name: 'createdAt',
  key: { moment: sql`${webhookDeliveries.createdAt}`, neverNull: true },
  direction: 'desc',
  id: sql`${webhookDeliveries.id}`,
}

/**
 * A delivery waits as long again as it has been tried, within these bounds, ms: so its pauses double. A webhook that fails does the same,
 * and of all that waits for it one delivery at a time is tried.
 */
const deliveryPauseMs = { least: 5000, most: 3_600_000 }
const webhookPauseMs = { least: 5000, most: 600_000 }

/** Attempts to one webhook that a process makes at once. One that fails is tried by one, since all would wait for it. */
const mostAtOnce = 4

/** Webhooks of this process's further attempts. @param busy attempts under way, by webhook. */
const places = (busy: Readonly<Record<string, number>>) => sql`
  (CASE WHEN webhook.failing_since IS NULL THEN ${mostAtOnce}::integer ELSE 1 END
    - coalesce((${JSON.stringify(busy)}::jsonb ->> webhook.id::text)::integer, 0))`

const matching = ({ webhookId, runId, status, event }: DeliveryFilter): SQL | undefined => {
  const { webhookId: ofWebhook, runId: ofRun } = webhookDeliveries
  // What is no id finds nothing.
  const ids = (column: typeof ofWebhook | typeof ofRun, given: readonly string[] | undefined) =>
    given && (given.some(isUuid) ? inArray(column, given.filter(isUuid)) : sql`false`)
  return and(
    ids(ofWebhook, webhookId),
    ids(ofRun, runId),
    status && inArray(webhookDeliveries.status, [...status]),
    event && inArray(webhookDeliveries.event, [...event]),
  )
}

export class Deliveries {
  readonly #db: Database
  readonly #now: () => SQL

  /** @param now the database's clock, by which deliveries are due; another one in tests. */
  constructor(db: Database, now: () => SQL = () => sql`now()`) {
    this.#db = db
    this.#now = now
  }

  /**
   * Claims what is due, for webhooks that are enabled and have places left.
   * @param busy attempts of this process that are under way, by webhook.
   * @param leaseMs for which no other process makes an attempt.
   */
  async claim(busy: Readonly<Record<string, number>>, leaseMs: number): Promise<DeliveryClaim[]> {
    const now = this.#now()
    const rows = await rowsOf<
      Omit<DeliveryClaim, 'secrets' | 'createdAt'> & { createdMs: number; secret: string; previous: string | null }
    >(
      this.#db,
      sql`
      WITH room AS MATERIALIZED (
        SELECT webhook.id, ${places(busy)} AS places FROM webhooks webhook
        WHERE webhook.enabled AND (webhook.paused_until IS NULL OR webhook.paused_until <= ${now})
      ), due AS MATERIALIZED (
        SELECT waiting.id FROM room CROSS JOIN LATERAL (
          SELECT delivery.id FROM webhook_deliveries delivery
          WHERE delivery.webhook_id = room.id AND delivery.status = 'pending' AND delivery.next_attempt_at <= ${now}
            AND (delivery.lease_until IS NULL OR delivery.lease_until <= ${now})
          ORDER BY delivery.next_attempt_at, delivery.created_at, delivery.seq
          LIMIT greatest(room.places, 0)
          FOR UPDATE SKIP LOCKED) waiting
      )
      UPDATE webhook_deliveries delivery
      SET attempts = delivery.attempts + 1, last_attempt_at = ${now}, lease_until = ${now} + ${leaseMs} * interval '1 millisecond'
      FROM due, webhooks webhook
      WHERE delivery.id = due.id AND webhook.id = delivery.webhook_id
      RETURNING delivery.id, delivery.webhook_id AS "webhookId", delivery.event, delivery.run_id AS "runId", delivery.seq,
        delivery.attempts AS attempt, (extract(epoch FROM delivery.created_at) * 1000)::float8 AS "createdMs", webhook.url, webhook.secret,
        CASE WHEN webhook.previous_until > ${now} THEN webhook.previous_secret END AS previous`,
    )
    return rows.map(({ secret, previous, createdMs, ...claim }) => ({
      ...claim,
      createdAt: new Date(createdMs),
      secrets: previous === null ? [secret] : [secret, previous],
    }))
  }

  /** Until something is due for a webhook with places left, ms; not positive where it is already, null where nothing waits. */
  async dueMs(busy: Readonly<Record<string, number>>): Promise<number | null> {
    const now = this.#now()
    const [row] = await rowsOf<{ ms: number | null }>(
      this.#db,
      sql`
      SELECT (extract(epoch FROM min(greatest(delivery.next_attempt_at, delivery.lease_until, webhook.paused_until)) - ${now}) * 1000)::float8 AS ms
      FROM webhook_deliveries delivery JOIN webhooks webhook ON webhook.id = delivery.webhook_id
      WHERE delivery.status = 'pending' AND webhook.enabled AND ${places(busy)} > 0`,
    )
    return row!.ms
  }

  /** The attempt succeeded. Of a webhook that had failed all that waits is then due. @returns whether it was still this attempt's to say. */
  async succeed({ id, attempt }: DeliveryClaim, responseStatus: number, durationMs: number): Promise<boolean> {
    const now = this.#now()
    const rows = await rowsOf(
      this.#db,
      sql`
      WITH done AS (
        UPDATE webhook_deliveries SET status = 'delivered', finished_at = ${now}, lease_until = NULL,
          response_status = ${responseStatus}::integer, duration_ms = ${durationMs}::float8, error = NULL
        WHERE id = ${id}::uuid AND attempts = ${attempt}::integer AND status = 'pending' RETURNING webhook_id
      ), well AS (
        UPDATE webhooks SET failing_since = NULL, paused_until = NULL
        WHERE id IN (SELECT webhook_id FROM done) AND failing_since IS NOT NULL RETURNING id
      ), resumed AS (
        UPDATE webhook_deliveries SET next_attempt_at = ${now}
        WHERE webhook_id IN (SELECT id FROM well) AND status = 'pending' AND id <> ${id}::uuid AND next_attempt_at > ${now}
      )
      SELECT 1 FROM done`,
    )
    return rows.length > 0
  }

  /**
   * The attempt failed: another one follows, or none where the time is over. A webhook that has failed for long is disabled.
   * @returns what became of the delivery and of the webhook; null where it was not this attempt's to say any more.
   */
  async fail({ id, attempt }: DeliveryClaim, failure: AttemptFailure): Promise<{ status: DeliveryStatus; disabled: boolean } | null> {
    const { responseStatus, error, durationMs, leastMs, jitter, giveUpMs, disableMs, disabledReason } = failure
    const now = this.#now()
    const ms = (n: number) => sql`(${n}::float8 * interval '1 millisecond')`
    const pause = (since: SQL, { least, most }: { least: number; most: number }) =>
      sql`greatest(${ms(leastMs)}, ${jitter}::float8 * least(greatest(${now} - ${since}, ${ms(least)}), ${ms(most)}))`
    const next = sql`${now} + ${pause(sql`tried_since`, deliveryPauseMs)}`
    const over = sql`${next} > tried_since + ${ms(giveUpMs)}`
    const failingSince = sql`coalesce(failing_since, ${now})`
    const goesOn = sql`${failingSince} > ${now} - ${ms(disableMs)}`
    const [row] = await rowsOf<{ status: DeliveryStatus; disabled: boolean }>(
      this.#db,
      sql`
      WITH tried AS (
        UPDATE webhook_deliveries SET response_status = ${responseStatus}::integer, duration_ms = ${durationMs}::float8,
          error = ${error}::text, lease_until = NULL, next_attempt_at = ${next},
          status = CASE WHEN ${over} THEN 'failed' ELSE 'pending' END, finished_at = CASE WHEN ${over} THEN ${now} END
        WHERE id = ${id}::uuid AND attempts = ${attempt}::integer AND status = 'pending' RETURNING webhook_id, status
      ), failing AS (
        UPDATE webhooks SET failing_since = ${failingSince}, paused_until = ${now} + ${pause(failingSince, webhookPauseMs)},
          enabled = ${goesOn}, disabled_reason = CASE WHEN ${goesOn} THEN NULL ELSE ${disabledReason}::text END
        WHERE id IN (SELECT webhook_id FROM tried) AND enabled RETURNING id, enabled
      )
      SELECT tried.status, coalesce(NOT failing.enabled, false) AS disabled FROM tried LEFT JOIN failing ON failing.id = tried.webhook_id`,
    )
    return row ?? null
  }

  /** Gives an attempt back that was cut off because the process stops: it is due at once. */
  async release({ id, attempt }: DeliveryClaim): Promise<void> {
    const { attempts, status } = webhookDeliveries
    await this.#db
      .update(webhookDeliveries)
      .set({ leaseUntil: null, nextAttemptAt: this.#now() })
      .where(and(eq(webhookDeliveries.id, id), eq(attempts, attempt), eq(status, 'pending')))
  }

  /** Adds a test, which is due at once. */
  async test(webhookId: string, line?: AuditLine): Promise<WebhookDelivery> {
    return this.#db.transaction(async (tx) => {
      const [made] = await tx.insert(webhookDeliveries).values({ webhookId, event: 'test' }).returning()
      await writeLine(tx, line, webhookId)
      await wake(tx, webhookId)
      return made!
    })
  }

  /** Makes a delivery due at once, whatever became of it, and for as long as a new one. Null where there is none. */
  async redeliver(id: string, line?: AuditLine): Promise<WebhookDelivery | null> {
    if (!isUuid(id)) return null
    return this.#db.transaction(async (tx) => {
      const [again] = await tx
        .update(webhookDeliveries)
        .set({ status: 'pending', finishedAt: null, triedSince: this.#now(), nextAttemptAt: this.#now() })
        .where(eq(webhookDeliveries.id, id))
        .returning()
      if (!again) return null
      await writeLine(tx, line, id)
      await wake(tx, again.webhookId)
      return again
    })
  }

  async get(id: string): Promise<WebhookDelivery | null> {
    if (!isUuid(id)) return null
    return (await this.#db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id)))[0] ?? null
  }

  /** Newest first. @throws StoreError INVALID_CURSOR */
  async list({
    after: cursor,
    limit: asked,
    ...filter
  }: DeliveryFilter & { after?: string; limit?: number }): Promise<Page<WebhookDelivery>> {
    const limit = Math.min(asked ?? PAGE.default, PAGE.most)
    const rows = await this.#db
      .select({ delivery: webhookDeliveries, key: keyOf(newestFirst) })
      .from(webhookDeliveries)
      .where(and(matching(filter), after(cursor, newestFirst)))
      .orderBy(...orderBy(newestFirst))
      .limit(limit + 1)
    return page(
      rows.map(({ delivery }) => delivery),
      rows.map(({ key }) => key),
      limit,
      newestFirst,
    )
  }

  /** How many fit. */
  async count(filter: DeliveryFilter): Promise<number> {
    return this.#db.$count(webhookDeliveries, matching(filter))
  }

  /** For metrics: deliveries that wait, and webhooks by state. */
  async census(): Promise<{ pending: number; enabled: number; failing: number; disabled: number }> {
    const [row] = await rowsOf<{ pending: number; enabled: number; failing: number; disabled: number }>(
      this.#db,
      sql`
      SELECT (SELECT count(*)::int FROM webhook_deliveries WHERE status = 'pending') AS pending,
        (count(*) FILTER (WHERE enabled AND failing_since IS NULL))::int AS enabled,
        (count(*) FILTER (WHERE enabled AND failing_since IS NOT NULL))::int AS failing,
        (count(*) FILTER (WHERE NOT enabled))::int AS disabled
      FROM webhooks`,
    )
    return row!
  }

  /**
   * Fails what waits for longer than it is tried, such as for a webhook that is disabled; forgets what ended long ago, and what belongs to
   * no webhook. @returns how many failed.
   */
  async tidy(giveUpMs: number, keptDays: number): Promise<number> {
    const now = this.#now()
    const failed = await rowsOf(
      this.#db,
      sql`
      UPDATE webhook_deliveries SET status = 'failed', finished_at = ${now}, lease_until = NULL,
        error = coalesce(error, 'No attempt was made in time: the webhook is disabled, or failed with other deliveries.')
      WHERE status = 'pending' AND tried_since < ${now} - ${giveUpMs}::float8 * interval '1 millisecond'
        AND (lease_until IS NULL OR lease_until <= ${now}) RETURNING id`,
    )
    await this.#db.execute(sql`
      DELETE FROM webhook_deliveries WHERE finished_at < ${now} - ${keptDays}::integer * interval '1 day'
        OR webhook_id NOT IN (SELECT id FROM webhooks)`)
    return failed.length
  }
}

/** Lets a webhook that fails be tried at once, and tells every process. */
async function wake(tx: Transaction, webhookId: string): Promise<void> {
  await tx.update(webhooks).set({ pausedUntil: null }).where(eq(webhooks.id, webhookId))
  await tx.execute(sql`SELECT ${deliveriesNotice()}`)
}
