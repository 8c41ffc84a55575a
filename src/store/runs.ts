/**
 * Runs: the table is authoritative, a pg-boss job is only a ticket (docs/adr/runs-table-is-the-truth.md). One run here, many
 * in `run-queries.ts`; new ones in `insert-run.ts`, their cancellation in `cancel.ts`, changes of state in `transitions.ts`, each in a transaction of its own from here.
 */

import { type AuditLine, writeLine } from './audit.ts'
import { type Cancellation, cancelRun, cancelRuns } from './cancel.ts'
import { after, type Direction, isUuid, keyOf, orderBy, type Page, page } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, eq, inArray, sql } from './drizzle.ts'
import { isUniqueViolation, textError } from './errors.ts'
import { type Expired, type Expiry, expireSamples } from './expire-samples.ts'
import { answerRequest, type InsertOptions, insertError, insertRun, ofRequest, prepareInserts } from './insert-run.ts'
import type { QueueBounds } from './queue-bounds.ts'
import { filters, type RunFilter, type RunSort, runOrder } from './run-list.ts'
import { type NewRun, QUEUE_ORDER, RunQueries } from './run-queries.ts'
import { type Counterpart, findCounterpart, findSamples, type Samples } from './samples.ts'
import { type Run, runs } from './schema.ts'
import { nextRun, type Share, sharesOf } from './shares.ts'
import type { Tickets } from './tickets.ts'
import type { Claim, Ending } from './transitions.ts'
import * as transitions from './transitions.ts'

export interface RunList extends RunFilter {
  after?: string | undefined
  limit?: number | undefined
  sort?: RunSort | undefined
  order?: Direction | undefined
}

const PAGE = { default: 50, most: 500 }
/** Longer than any lease. */
const LONGEST_LEASE_MS = 600_000

export class Runs extends RunQueries {
  readonly #tickets: Tickets
  readonly #bounds: QueueBounds | undefined

  /** @param bounds how many runs may wait; any number where left out. */
  constructor(db: Database, tickets: Tickets, bounds?: QueueBounds) {
    super(db)
    this.#tickets = tickets
    this.#bounds = bounds
  }

  /**
   * Stores the run, its `queued` event and its ticket in one transaction: once this resolves, the run survives. With an
   * idempotency key that was used before, returns the run created then, with `created: false`.
   * @param requestHash of the request behind the key; another hash under the same key is refused.
   * @throws StoreError ARCHITECTURE_NOT_FOUND (deleted ones too), IDEMPOTENCY_CONFLICT, INVALID_TEXT; QueueFullError, QuotaError
   */
  async insert(run: NewRun, options: InsertOptions = {}): Promise<{ run: Run; created: boolean }> {
    await this.prepare([run])
    try {
      return await this.db.transaction((tx) => this.insertIn(tx, run, options))
    } catch (error) {
      throw insertError(error, run)
    }
  }

  /**
   * Prepares a transaction that inserts these runs.
   * @throws StoreError ARCHITECTURE_NOT_FOUND for what is no id, INVALID_TEXT
   */
  async prepare(list: readonly NewRun[]): Promise<void> {
    await prepareInserts(this.#tickets, list)
  }

  /** `insert` inside an open transaction, after `prepare`. Pass what it throws to `insertError`. */
  async insertIn(tx: Transaction, run: NewRun, options: InsertOptions = {}): Promise<{ run: Run; created: boolean }> {
    return insertRun(tx, this.#tickets, run, { ...options, bounds: this.#bounds })
  }

  /** The run of an earlier request under this key, or null. @throws StoreError IDEMPOTENCY_CONFLICT where that was another request */
  async ofRequest(idempotencyKey: string, requestHash: string): Promise<Run | null> {
    return ofRequest(this.db, idempotencyKey, requestHash)
  }

  /**
   * Records that this run answers the request under the key. If the same request was faster, returns the run recorded by it.
   * @throws StoreError IDEMPOTENCY_CONFLICT, INVALID_TEXT
   */
  async answerRequest(run: Run, { idempotencyKey, requestHash }: { idempotencyKey: string; requestHash: string }): Promise<Run> {
    try {
      return (await this.db.transaction((tx) => answerRequest(tx, idempotencyKey, requestHash, run.id))) ?? run
    } catch (error) {
      throw textError(error)
    }
  }

  async get(id: string): Promise<Run | null> {
    return (await this.getMany([id]))[0] ?? null
  }

  /** Those that exist, in no particular order. */
  async getMany(ids: readonly string[]): Promise<Run[]> {
    const valid = ids.filter(isUuid)
    if (valid.length === 0) return []
    return this.db.select().from(runs).where(inArray(runs.id, valid))
  }

  /** A page, the newest first where nothing else is asked for. @throws StoreError INVALID_CURSOR, INVALID_TEXT */
  async list({ after: cursor, limit: asked, sort, order: direction, ...filter }: RunList): Promise<Page<Run>> {
    const limit = Math.min(asked ?? PAGE.default, PAGE.most)
    const order = runOrder(sort, direction)
    const where = and(filters(filter), after(cursor, order))
    try {
      const rows = await this.db
        .select({ run: runs, key: keyOf(order) })
        .from(runs)
        .where(where)
        .orderBy(...orderBy(order))
        .limit(limit + 1)
      return page(
        rows.map(({ run }) => run),
        rows.map(({ key }) => key),
        limit,
        order,
      )
    } catch (error) {
      throw textError(error)
    }
  }

  /** How many runs fit. @throws StoreError INVALID_TEXT */
  async count(filter: RunFilter): Promise<number> {
    const where = filters(filter)
    try {
      return await this.db.$count(runs, where)
    } catch (error) {
      throw textError(error)
    }
  }

  /**
   * queued → running for this run. Null where it is not queued any more, or where its device runs another.
   * @param owner one service's name for itself. @param leaseMs how long it is believed alive without `renew`.
   */
  claim(id: string, owner: string, leaseMs: number): Promise<Run | null> {
    return claimed(transitions.claim(this.db, eq(runs.id, id), owner, leaseMs))
  }

  /**
   * queued → running for the device's next run: of the key whose turn it is (`shares.ts`) the one of highest priority, then the longest
   * waiting. Null where none may start.
   */
  async claimNext(deviceUuid: string, owner: string, leaseMs: number): Promise<Run | null> {
    return claimed(
      this.db.transaction(async (tx) => {
        const id = await nextRun(tx, deviceUuid)
        return id === null ? null : transitions.claim(tx, eq(runs.id, id), owner, leaseMs)
      }),
    )
  }

  /** running → a final state. Null where the claim no longer holds: then nothing is stored, not even samples. */
  finish(held: Claim, ending: Ending): Promise<Run | null> {
    return this.db.transaction((tx) => transitions.finish(tx, held, ending))
  }

  /** running → queued, in its old place. Null where the claim no longer holds. */
  async giveBack(held: Claim, reason: Exclude<transitions.Reason, 'OWNER_LOST'>, message: string): Promise<Run | null> {
    const run = await this.get(held.id)
    if (run) await this.#tickets.ensureQueue(run.deviceUuid)
    return this.db.transaction((tx) => transitions.giveBack(tx, this.#tickets, held, reason, message))
  }

  /**
   * Extends the owner's leases on these runs and no others: a run that the database says it holds, but that it does not know
   * of, is to be reclaimed. @returns those it still holds as they are now, `cancelRequestedAt` included.
   */
  renew(owner: string, ids: readonly string[], leaseMs: number): Promise<Pick<Run, 'id' | 'attempt' | 'cancelRequestedAt'>[]> {
    return this.db
      .update(runs)
      .set({ leaseUntil: sql`now() + ${leaseMs} * interval '1 millisecond'` })
      .where(and(inArray(runs.id, [...ids]), eq(runs.owner, owner), eq(runs.status, 'running')))
      .returning({ id: runs.id, attempt: runs.attempt, cancelRequestedAt: runs.cancelRequestedAt })
  }

  /**
   * Takes running runs from owners that are gone: those whose lease ran out, and those for which `isGone` is true. They are
   * queued again in their old place, or end (see `transitions.reclaim`).
   */
  async reclaim(isGone: (owner: string) => boolean = () => false): Promise<Run[]> {
    // A lease that ends later than any could was given before the clock was set back: a live owner renews it long before.
    const longest = sql`now() + ${LONGEST_LEASE_MS} * interval '1 millisecond'`
    await this.db
      .update(runs)
      .set({ leaseUntil: longest })
      .where(and(eq(runs.status, 'running'), sql`${runs.leaseUntil} > ${longest}`))
    const expired = sql`${runs.leaseUntil} < now()`
    const running = await this.db
      .select({ id: runs.id, owner: runs.owner, deviceUuid: runs.deviceUuid, expired: sql<boolean>`${expired}` })
      .from(runs)
      .where(eq(runs.status, 'running'))
    const known = running.filter((run) => isGone(run.owner!))
    const late = running.filter((run) => run.expired && !known.includes(run))
    for (const run of [...known, ...late]) await this.#tickets.ensureQueue(run.deviceUuid)
    if (known.length + late.length === 0) return []
    const ids = (list: typeof running) => list.map((run) => run.id)
    return this.db.transaction(async (tx) => [
      ...(await transitions.reclaim(
        tx,
        this.#tickets,
        ids(known),
        inArray(
          runs.owner,
          known.map((run) => run.owner!),
        ),
      )),
      ...(await transitions.reclaim(tx, this.#tickets, ids(late), expired)),
    ])
  }

  /** `cancelRun` of `cancel.ts`. */
  requestCancel(id: string, line?: AuditLine, subjectId?: string): Promise<Cancellation | null> {
    return cancelRun(this.db, this.#tickets, id, line, subjectId)
  }

  /** `cancelRuns` of `cancel.ts`. @throws StoreError INVALID_TEXT */
  cancelMany(filter: RunFilter, line?: AuditLine): AsyncGenerator<{ cancelled: Run[]; requested: Run[] }, void, void> {
    return cancelRuns(this.db, this.#tickets, filter, line)
  }

  /**
   * Gives a waiting run another priority. Null where it does not wait.
   * @param line of the audit log, written with the change.
   */
  async setPriority(id: string, priority: number, line?: AuditLine): Promise<Run | null> {
    if (!isUuid(id)) return null
    return this.db.transaction(async (tx) => {
      const run = await transitions.setPriority(tx, id, priority)
      if (run) await writeLine(tx, line, run.id)
      return run
    })
  }

  /** The shares of keys on these devices, by device UUID and then by key id, `NO_KEY` for runs without one. */
  shares(deviceUuids: readonly string[]): Promise<Map<string, Map<string, Share>>> {
    return sharesOf(this.db, deviceUuids)
  }

  /** Its samples in order, to be read in parts; null where the run never had any. */
  async samples(id: string): Promise<Samples | null> {
    return isUuid(id) ? findSamples(this.db, id) : null
  }

  /** `expireSamples` of `expire-samples.ts`. */
  expireSamples(expiry: Expiry): Promise<Expired | null> {
    return expireSamples(this.db, expiry)
  }

  /** For a run that has not ended: the latest succeeded one of the same computation on another runtime, with its output. */
  async counterpart(id: string): Promise<Counterpart | null> {
    return isUuid(id) ? findCounterpart(this.db, id) : null
  }

  /** Makes sure that each waiting run of the device has a ticket; returns how many it sent. */
  async replenishTickets(deviceUuid: string): Promise<number> {
    await this.#tickets.ensureQueue(deviceUuid)
    return this.db.transaction(async (tx) => {
      const waiting = await tx
        .select({ id: runs.id, deviceUuid: runs.deviceUuid, priority: runs.priority })
        .from(runs)
        .where(and(eq(runs.deviceUuid, deviceUuid), eq(runs.status, 'queued')))
        .orderBy(...QUEUE_ORDER)
      if (waiting.length === 0) return 0
      const missing = waiting.slice(await this.#tickets.waiting(tx, deviceUuid))
      for (const run of missing) await this.#tickets.send(tx, run, false)
      return missing.length
    })
  }
}

/** Two services claimed runs of one device at the same moment: the index let only one through. */
async function claimed(claim: Promise<Run | null>): Promise<Run | null> {
  try {
    return await claim
  } catch (error) {
    if (isUniqueViolation(error, 'runs_one_running_per_device')) return null
    throw error
  }
}
