/** Sweeps: groups of runs requested together. The runs themselves are in `runs`. */
import { v7 as uuidv7 } from 'uuid'
import { type AuditLine, writeLine } from './audit.ts'
import { after, isUuid, keyOf, type Order, orderBy, type Page, page } from './cursor.ts'
import type { Database } from './database.ts'
import { and, eq, sql } from './drizzle.ts'
import { sameRequest } from './idempotency.ts'
import { insertError } from './insert-run.ts'
import type { NewRun } from './run-queries.ts'
import type { Runs } from './runs.ts'
import { type Run, type Sweep, sweeps } from './schema.ts'

const PAGE = { default: 50, most: 500 }
const newestFirst: Order = {
  name: 'createdAt',
  key: { moment: sql`${sweeps.createdAt}`, neverNull: true },
  direction: 'desc',
  id: sql`${sweeps.id}`,
}

/** A run to be queued, or one that has been measured already. */
export type SweepRun = { insert: NewRun } | { id: string }

export class Sweeps {
  readonly #db: Database
  readonly #runs: Runs

  constructor(db: Database, runs: Runs) {
    this.#db = db
    this.#runs = runs
  }

  /**
   * Stores the sweep and queues its runs, in order, in one transaction. With an idempotency key that was used before for the
   * same request, returns the sweep created then, with `created: false`.
   * @throws StoreError ARCHITECTURE_NOT_FOUND, IDEMPOTENCY_CONFLICT, INVALID_TEXT
   */
  async insert(
    request: object,
    list: readonly SweepRun[],
    { idempotencyKey, requestHash, line }: { idempotencyKey?: string | undefined; requestHash: string; line?: AuditLine },
  ): Promise<{ sweep: Sweep; created: boolean; queued: Run[] }> {
    const fresh = list.flatMap((each) => ('insert' in each ? [each.insert] : []))
    await this.#runs.prepare(fresh)
    try {
      return await this.#db.transaction(async (tx) => {
        const [row] = await tx
          .insert(sweeps)
          .values({ id: uuidv7(), request, runIds: [], idempotencyKey, requestHash, keyId: line?.keyId ?? null, createdAt: sql`now()` })
          .onConflictDoNothing({ target: sweeps.idempotencyKey })
          .returning()
        if (!row) {
          const [earlier] = await tx.select().from(sweeps).where(eq(sweeps.idempotencyKey, idempotencyKey!))
          return { sweep: sameRequest(earlier, requestHash), created: false, queued: [] }
        }
        const runIds: string[] = []
        const queued: Run[] = []
        for (const each of list) {
          if ('insert' in each) queued.push((await this.#runs.insertIn(tx, each.insert)).run)
          runIds.push('id' in each ? each.id : queued.at(-1)!.id)
        }
        const [sweep] = await tx.update(sweeps).set({ runIds }).where(eq(sweeps.id, row.id)).returning()
        await writeLine(tx, line, row.id)
        return { sweep: sweep!, created: true, queued }
      })
    } catch (error) {
      throw insertError(error, fresh[0]!)
    }
  }

  /** The sweep of an earlier request under this key, or null. @throws StoreError IDEMPOTENCY_CONFLICT where that was another request */
  async ofRequest(idempotencyKey: string, requestHash: string): Promise<Sweep | null> {
    const [sweep] = await this.#db.select().from(sweeps).where(eq(sweeps.idempotencyKey, idempotencyKey))
    return sweep ? sameRequest(sweep, requestHash) : null
  }

  async get(id: string): Promise<Sweep | null> {
    if (!isUuid(id)) return null
    const [sweep] = await this.#db.select().from(sweeps).where(eq(sweeps.id, id))
    return sweep ?? null
  }

  /** Newest first. @param keyId where given, those that this key queued. @throws StoreError INVALID_CURSOR */
  async list(query: { after?: string | undefined; limit?: number | undefined; keyId?: string | undefined }): Promise<Page<Sweep>> {
    const made = query.keyId === undefined ? undefined : eq(sweeps.keyId, query.keyId)
    const limit = Math.min(query.limit ?? PAGE.default, PAGE.most)
    const rows = await this.#db
      .select({ sweep: sweeps, key: keyOf(newestFirst) })
      .from(sweeps)
      .where(and(after(query.after, newestFirst), made))
      .orderBy(...orderBy(newestFirst))
      .limit(limit + 1)
    return page(
      rows.map(({ sweep }) => sweep),
      rows.map(({ key }) => key),
      limit,
      newestFirst,
    )
  }

  async count(): Promise<number> {
    return this.#db.$count(sweeps)
  }
}
