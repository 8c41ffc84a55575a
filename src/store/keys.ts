/** API keys and the sessions of browsers. Secrets are never here: both are known by a digest that the caller makes. */
import { v7 as uuidv7 } from 'uuid'
import { type AuditLine, writeLine } from './audit.ts'
import { isUuid } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, asc, desc, eq, inArray, isNull, sql } from './drizzle.ts'
import { requireStorable, requireVisible, StoreError } from './errors.ts'
import { keysNotice } from './notifications.ts'
import { type ApiKey, type ApiSession, apiKeys, apiSessions } from './schema.ts'
import type { Quotas } from './usage.ts'

export type NewKey = Pick<ApiKey, 'prefix' | 'digest' | 'name' | 'role' | 'expiresAt'> & Partial<Quotas & Pick<ApiKey, 'weight'>>

/** Who holds a token of an issuer. */
export type Holder = Pick<ApiKey, 'prefix' | 'digest' | 'name' | 'role'> & { issuer: string; subject: string }

/** By which people know a key. */
export type KeySummary = Pick<ApiKey, 'id' | 'prefix' | 'name'>

/** All that a process needs to recognize a caller. */
export interface Credentials {
  /** Whether any key was ever made, even if all are revoked by now. */
  made: boolean
  /** Those not revoked; some may have expired. */
  keys: ApiKey[]
  sessions: ApiSession[]
}

/** Sessions that one key may have: all are read together, and whoever has a key can open them. */
const mostSessions = 100

export class Keys {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** @throws StoreError INVALID_TEXT for a name that cannot be stored. */
  async insert(key: NewKey, line?: AuditLine): Promise<ApiKey> {
    requireStorable([key.name])
    requireVisible(key.name)
    return this.#changing(async (tx) => {
      const [made] = await tx
        .insert(apiKeys)
        .values({ id: uuidv7(), ...key })
        .returning()
      await writeLine(tx, line, made!.id)
      return made!
    })
  }

  /**
   * The row of a token's holder, made when the holder is first seen; role and name are those of the latest token.
   * @param of whose `digest` no key has.
   * @returns `created`: whether the row is new or has changed, of which other processes are told.
   */
  async holder(of: Holder): Promise<{ key: ApiKey; created: boolean }> {
    const named = and(eq(apiKeys.issuer, of.issuer), eq(apiKeys.subject, of.subject))
    const [found] = await this.#db.select().from(apiKeys).where(named)
    if (found && found.role === of.role && found.name === of.name) return { key: found, created: false }
    requireStorable([of.name, of.subject])
    return this.#changing(async (tx) => {
      await tx
        .insert(apiKeys)
        .values({ id: uuidv7(), ...of })
        .onConflictDoNothing()
      const [key] = await tx.update(apiKeys).set({ role: of.role, name: of.name }).where(named).returning()
      return { key: key!, created: true }
    })
  }

  /** Every key ever made, oldest first. */
  async list(): Promise<ApiKey[]> {
    return this.#db.select().from(apiKeys).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
  }

  /** Of these, in no particular order. */
  async summaries(ids: readonly string[]): Promise<KeySummary[]> {
    const { id, prefix, name } = apiKeys
    return this.#db
      .select({ id, prefix, name })
      .from(apiKeys)
      .where(inArray(id, [...ids]))
  }

  async get(id: string): Promise<ApiKey | null> {
    if (!isUuid(id)) return null
    return (await this.#db.select().from(apiKeys).where(eq(apiKeys.id, id)))[0] ?? null
  }

  /**
   * Revokes a key, if it was not before, and ends its sessions. Null where there is none.
   * @param force also the last key of an admin.
   * @throws StoreError LAST_ADMIN
   */
  async revoke(id: string, line?: AuditLine, force = false): Promise<ApiKey | null> {
    if (!isUuid(id)) return null
    return this.#changing(async (tx) => {
      await tx.delete(apiSessions).where(eq(apiSessions.keyId, id))
      if (!force) await requireOtherAdmin(tx, id)
      const [revoked] = await tx
        .update(apiKeys)
        .set({ revokedAt: sql`now()` })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning()
      if (revoked) await writeLine(tx, line, id)
      return revoked ?? (await tx.select().from(apiKeys).where(eq(apiKeys.id, id)))[0] ?? null
    })
  }

  /** Sets what a key may use. Null where there is none. */
  async setQuotas(id: string, quotas: Quotas, line?: AuditLine): Promise<ApiKey | null> {
    return this.#set(id, quotas, line)
  }

  /** Sets a key's weight in the queues (`shares.ts`); what its runs took before stays charged as it was. Null where there is none. */
  async setWeight(id: string, weight: number, line?: AuditLine): Promise<ApiKey | null> {
    return this.#set(id, { weight }, line)
  }

  async #set(id: string, change: Quotas | Pick<ApiKey, 'weight'>, line: AuditLine | undefined): Promise<ApiKey | null> {
    if (!isUuid(id)) return null
    return this.#db.transaction(async (tx) => {
      const [key] = await tx.update(apiKeys).set(change).where(eq(apiKeys.id, id)).returning()
      if (key) await writeLine(tx, line, id)
      return key ?? null
    })
  }

  /** Remembers that these keys were used just now. */
  async touch(ids: readonly string[]): Promise<void> {
    await this.#db
      .update(apiKeys)
      .set({ lastUsedAt: sql`now()` })
      .where(inArray(apiKeys.id, [...ids]))
  }

  /** Stores a session; forgets those that have expired, and those of the key that leave soonest where it has too many. */
  async insertSession(session: ApiSession): Promise<void> {
    await this.#changing(async (tx) => {
      await tx.delete(apiSessions).where(sql`${apiSessions.expiresAt} < now()`)
      const ofKey = eq(apiSessions.keyId, session.keyId)
      const kept = tx
        .select({ digest: apiSessions.digest })
        .from(apiSessions)
        .where(ofKey)
        .orderBy(desc(apiSessions.expiresAt))
        .limit(mostSessions - 1)
      await tx.delete(apiSessions).where(and(ofKey, sql`${apiSessions.digest} NOT IN ${kept}`))
      await tx.insert(apiSessions).values(session)
    })
  }

  /** @returns whether there was one. Nobody is told of one that there was not: anybody may ask to end any. */
  async deleteSession(digest: string): Promise<boolean> {
    const gone = await this.#db.delete(apiSessions).where(eq(apiSessions.digest, digest)).returning({ digest: apiSessions.digest })
    if (gone.length > 0) await this.#db.execute(sql`SELECT ${keysNotice()}`)
    return gone.length > 0
  }

  /** What callers are recognized by, in one read of few rows. */
  async credentials(): Promise<Credentials> {
    const keys = await this.#db.select().from(apiKeys).where(isNull(apiKeys.revokedAt))
    if (keys.length === 0) return { made: (await this.#db.$count(apiKeys)) > 0, keys, sessions: [] }
    return { made: true, keys, sessions: await this.#db.select().from(apiSessions).where(sql`${apiSessions.expiresAt} > now()`) }
  }

  /** A change of which other processes are told when it is committed. */
  async #changing<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#db.transaction(async (tx) => {
      const result = await work(tx)
      await tx.execute(sql`SELECT ${keysNotice()}`)
      return result
    })
  }
}

/**
 * Keys of admins are locked, so that two of them cannot revoke each other.
 * @throws StoreError LAST_ADMIN where this is the only valid one
 */
async function requireOtherAdmin(tx: Transaction, id: string): Promise<void> {
  const valid = sql`(${apiKeys.expiresAt} IS NULL OR ${apiKeys.expiresAt} > now())`
  const admins = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.role, 'admin'), isNull(apiKeys.revokedAt), isNull(apiKeys.issuer), valid))
    .orderBy(asc(apiKeys.id))
    .for('no key update')
  if (admins.length !== 1 || admins[0]!.id !== id.toLowerCase()) return
  throw new StoreError(
    'LAST_ADMIN',
    'This is the last valid key of an admin, and nobody could make another through the service: make one first (POST /v1/keys), or, on its host, npm run keys -- revoke --force',
  )
}
