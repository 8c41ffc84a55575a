/** Webhooks: who is told of events of runs. Their secrets are written here, and read where a delivery is claimed (`deliveries.ts`). */
import { v7 as uuidv7 } from 'uuid'
import { type AuditLine, writeLine } from './audit.ts'
import { isUuid } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { asc, eq, getTableColumns, sql } from './drizzle.ts'
import { requireStorable, StoreError } from './errors.ts'
import { deliveriesNotice } from './notifications.ts'
import { type Webhook, webhookDeliveries, webhooks } from './schema.ts'

export type NewWebhook = Pick<Webhook, 'url' | 'description' | 'events' | 'devices' | 'labels' | 'createdBy'> & { secret: string }
export type WebhookChange = Partial<Pick<Webhook, 'url' | 'description' | 'events' | 'devices' | 'labels' | 'enabled'>>

/** Webhooks that there may be: each event is held against all of them. */
export const mostWebhooks = 50
/** For how long the secret before the last one signs as well, hours. */
export const previousSecretHours = 24
/** Taken while webhooks are counted, so that requests at once cannot pass the bound together. */
const LOCK = 4_112_358_133

const { secret: _, previousSecret: __, previousUntil: ___, ...SHOWN } = getTableColumns(webhooks)

export class Webhooks {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** @throws StoreError TOO_MANY_WEBHOOKS, INVALID_TEXT */
  async insert(webhook: NewWebhook, line?: AuditLine): Promise<Webhook> {
    requireTexts(webhook)
    return this.#db.transaction(async (tx) => {
      await tx.execute(sql`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`)
      if ((await tx.$count(webhooks)) >= mostWebhooks)
        throw new StoreError('TOO_MANY_WEBHOOKS', `There are ${mostWebhooks} webhooks, as many as may be: delete one, or add events to one`)
      const [made] = await tx
        .insert(webhooks)
        .values({ id: uuidv7(), ...webhook })
        .returning(SHOWN)
      await writeLine(tx, line, made!.id)
      return made!
    })
  }

  /** All of them, oldest first. */
  async list(): Promise<Webhook[]> {
    return this.#db.select(SHOWN).from(webhooks).orderBy(asc(webhooks.createdAt), asc(webhooks.id))
  }

  async get(id: string): Promise<Webhook | null> {
    if (!isUuid(id)) return null
    return (await this.#db.select(SHOWN).from(webhooks).where(eq(webhooks.id, id)))[0] ?? null
  }

  /**
   * Changes what is given. One that is enabled gets what waits at once; where it was disabled, nothing counts against it any more.
   * Null where there is none.
   * @throws StoreError INVALID_TEXT
   */
  async update(id: string, change: WebhookChange, line?: AuditLine): Promise<Webhook | null> {
    if (!isUuid(id)) return null
    requireTexts(change)
    return this.#db.transaction(async (tx) => {
      const [before] = await tx.select(SHOWN).from(webhooks).where(eq(webhooks.id, id)).for('no key update')
      if (!before) return null
      const switched = change.enabled !== undefined && change.enabled !== before.enabled
      const state = !switched
        ? {}
        : change.enabled
          ? { failingSince: null, pausedUntil: null, disabledReason: null }
          : { disabledReason: 'An admin disabled it.' }
      const [after] = await tx
        .update(webhooks)
        .set({ ...change, ...state })
        .where(eq(webhooks.id, id))
        .returning(SHOWN)
      if (switched && change.enabled) await resume(tx, id)
      await writeLine(tx, line, id)
      return after!
    })
  }

  /** Gives it another secret; the one before signs as well for `previousSecretHours`. Null where there is none. */
  async setSecret(id: string, secret: string, line?: AuditLine): Promise<Webhook | null> {
    if (!isUuid(id)) return null
    return this.#db.transaction(async (tx) => {
      const [webhook] = await tx
        .update(webhooks)
        .set({
          previousSecret: sql`${webhooks.secret}`,
          previousUntil: sql`now() + ${previousSecretHours} * interval '1 hour'`,
          secret,
        })
        .where(eq(webhooks.id, id))
        .returning(SHOWN)
      if (webhook) await writeLine(tx, line, id)
      return webhook ?? null
    })
  }

  /** Deletes it with its deliveries. @returns whether there was one. */
  async delete(id: string, line?: AuditLine): Promise<boolean> {
    if (!isUuid(id)) return false
    return this.#db.transaction(async (tx) => {
      const gone = await tx.delete(webhooks).where(eq(webhooks.id, id)).returning({ id: webhooks.id })
      if (gone.length === 0) return false
      await tx.delete(webhookDeliveries).where(eq(webhookDeliveries.webhookId, id))
      await writeLine(tx, line, id)
      return true
    })
  }
}

/** What waits for it is due now. */
async function resume(tx: Transaction, id: string): Promise<void> {
  await tx
    .update(webhookDeliveries)
    .set({ nextAttemptAt: sql`now()` })
    .where(sql`${webhookDeliveries.webhookId} = ${id} AND ${webhookDeliveries.status} = 'pending'`)
  await tx.execute(sql`SELECT ${deliveriesNotice()}`)
}

const requireTexts = ({ url = '', description, devices = [], labels = [] }: WebhookChange): void =>
  requireStorable([url, description ?? '', ...devices, ...labels])
