/** Architectures: immutable, found by id, by name and by the digest of their content. */

import { v7 as uuidv7 } from 'uuid'
import { type AuditLine, writeLine } from './audit.ts'
import type { BlobFile, Blobs } from './blobs.ts'
import { after, type Direction, isUuid, keyOf, type Order, orderBy, type Page, page, type SortKey } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, eq, ilike, inArray, isNull, or, type SQL, sql } from './drizzle.ts'
import { requireStorable, requireVisible, textError } from './errors.ts'
import { architectureNotice } from './notifications.ts'
import type { Packed } from './packed.ts'
import { likeLiteral } from './run-list.ts'
import { type Architecture, architectureData, architectures, type Run, runs } from './schema.ts'
import type { Tickets } from './tickets.ts'
import { cancelQueued } from './transitions.ts'
import { holdBytes, requireBytes } from './usage.ts'

/** `graph` is JSON, or packed already: a large one need not be packed on the event loop. */
export type NewArchitecture = Pick<Architecture, 'name' | 'digest' | 'source' | 'layerCount' | 'params' | 'macs'> &
  Partial<Pick<Architecture, 'partial' | 'uncounted' | 'keyId'>> & {
    graph: object | Packed
  }
/** The files of a stored model: the model itself, and its files of external data by the model's names for them. */
export interface ModelFiles {
  model: BlobFile
  data: readonly { location: string; file: BlobFile }[]
}
/** An entry of a list: without the graph, which may be megabytes. */
export type ArchitectureSummary = Omit<Architecture, 'graph'>

export interface ArchitectureFilter {
  /** Part of the name, in any case. */
  search?: string | undefined
  /** The whole digest or its beginning. */
  digest?: string | undefined
  /** Registered by this key, or timed by a run of it. */
  keyId?: string | undefined
}

export interface ArchitectureQuery extends ArchitectureFilter {
  after?: string | undefined
  limit?: number | undefined
  sort?: ArchitectureSort | undefined
  order?: Direction | undefined
}

const PAGE = { default: 50, most: 500 }
const { id, name, digest, source, layerCount, params, macs, partial, uncounted, blob, keyId, createdAt, deletedAt } = architectures
const summary = { id, name, digest, source, layerCount, params, macs, partial, uncounted, blob, keyId, createdAt, deletedAt }

const keys = {
  createdAt: { moment: sql`${createdAt}`, neverNull: true },
  name: { text: sql`${name}` },
  layers: { number: sql`${layerCount}::float8` },
  params: { number: sql`${params}::float8` },
  macs: { number: sql`${macs}::float8` },
} as const satisfies Record<string, SortKey>
export type ArchitectureSort = keyof typeof keys
export const architectureSorts = Object.keys(keys) as ArchitectureSort[]

const orderOf = (by: ArchitectureSort = 'createdAt', direction: Direction = by === 'name' ? 'asc' : 'desc'): Order => ({
  name: by,
  key: keys[by],
  direction,
  id: sql`${id}`,
})

const timedBy = (key: string): SQL => sql`
  SELECT architecture_id FROM runs WHERE key_id = ${key}
  UNION SELECT against_architecture_id FROM runs WHERE key_id = ${key} AND against_architecture_id IS NOT NULL`

/** Which are listed: never deleted ones. @throws StoreError INVALID_TEXT */
function matching({ search, digest: part, keyId: key }: ArchitectureFilter): SQL | undefined {
  requireStorable([search ?? ''])
  return and(
    isNull(deletedAt),
    search === undefined ? undefined : ilike(name, `%${likeLiteral(search)}%`),
    part === undefined ? undefined : or(eq(digest, part), sql`starts_with(${digest}, ${part})`),
    key === undefined ? undefined : or(eq(keyId, key), sql`${id} IN (${timedBy(key)})`),
  )
}

export class Architectures {
  readonly #db: Database
  readonly #tickets: Tickets
  readonly #blobs: Blobs

  constructor(db: Database, tickets: Tickets, blobs: Blobs) {
    this.#db = db
    this.#tickets = tickets
    this.#blobs = blobs
  }

  /** Whether an architecture can have this name, as `insert` asks. @throws StoreError INVALID_TEXT */
  requireName(name: string): void {
    requireVisible(name)
    requireStorable([name])
  }

  /**
   * Stores it, or returns the existing one with this digest and name, with `created: false`.
   * @param files that hold its own weights: kept as blobs, for as long as an architecture names them.
   * @param line of the audit log, written with it.
   * @throws StoreError INVALID_TEXT; QuotaError STORAGE_QUOTA_EXCEEDED
   */
  async insert(
    architecture: NewArchitecture,
    files?: ModelFiles,
    line?: AuditLine,
  ): Promise<{ architecture: ArchitectureSummary; created: boolean }> {
    this.requireName(architecture.name)
    requireStorable((files?.data ?? []).map(({ location }) => location))
    try {
      const { keyId } = architecture
      if (!files)
        return await this.#db.transaction(async (tx) => {
          const key = await holdBytes(tx, keyId)
          const inserted = await insertIn(tx, architecture, null, line)
          if (inserted.created) await requireBytes(tx, key)
          return inserted
        })
      const { model, data } = files
      return await this.#blobs.keeping([model, ...data.map(({ file }) => file)], (put) =>
        this.#db.transaction(async (tx) => {
          const key = await holdBytes(tx, keyId)
          await put(tx)
          const inserted = await insertIn(tx, architecture, model.digest, line)
          const { created, architecture: row } = inserted
          if (created && data.length > 0)
            await tx
              .insert(architectureData)
              .values(data.map(({ location, file }) => ({ architectureId: row.id, location, digest: file.digest })))
          if (created) await requireBytes(tx, key)
          return inserted
        }),
      )
    } catch (error) {
      throw textError(error)
    }
  }

  /** Its files of external data, by the model's names for them. */
  async dataOf(architectureId: string): Promise<{ location: string; digest: string }[]> {
    const { location, digest: of } = architectureData
    return this.#db
      .select({ location, digest: of })
      .from(architectureData)
      .where(eq(architectureData.architectureId, architectureId))
      .orderBy(location)
  }

  /** Includes deleted ones, with their `deletedAt`, since finished runs still refer to them. */
  async get(id: string): Promise<Architecture | null> {
    return (await this.getMany([id]))[0] ?? null
  }

  /** Those that exist, in no particular order, deleted ones too. */
  async getMany(ids: readonly string[]): Promise<Architecture[]> {
    const valid = ids.filter(isUuid)
    if (valid.length === 0) return []
    return this.#db.select().from(architectures).where(inArray(id, valid))
  }

  /** `getMany` with the graphs as they are stored: a large one need not be unpacked on the event loop. */
  async getPacked(ids: readonly string[]): Promise<(ArchitectureSummary & { packedGraph: Packed })[]> {
    const valid = ids.filter(isUuid)
    if (valid.length === 0) return []
    return this.#db
      .select({ ...summary, packedGraph: sql<Packed>`${architectures.graph}` })
      .from(architectures)
      .where(inArray(id, valid))
  }

  /** `getMany` without the graphs. */
  async getSummaries(ids: readonly string[]): Promise<ArchitectureSummary[]> {
    const valid = ids.filter(isUuid)
    if (valid.length === 0) return []
    return this.#db.select(summary).from(architectures).where(inArray(id, valid))
  }

  /** Those of this content that are not deleted, the first registered first, at most `limit`. */
  async withDigests(digests: readonly string[], limit: number): Promise<Pick<Architecture, 'id' | 'name' | 'digest'>[]> {
    if (digests.length === 0) return []
    return this.#db
      .select({ id, name, digest })
      .from(architectures)
      .where(and(inArray(digest, [...digests]), isNull(deletedAt)))
      .orderBy(createdAt, id)
      .limit(limit)
  }

  /** A page, the newest first where nothing else is asked for, deleted ones left out. @throws StoreError INVALID_CURSOR, INVALID_TEXT */
  async list(query: ArchitectureQuery): Promise<Page<ArchitectureSummary>> {
    const limit = Math.min(query.limit ?? PAGE.default, PAGE.most)
    const order = orderOf(query.sort, query.order)
    const where = and(matching(query), after(query.after, order))
    try {
      const rows = await this.#db
        .select({ row: summary, key: keyOf(order) })
        .from(architectures)
        .where(where)
        .orderBy(...orderBy(order))
        .limit(limit + 1)
      return page(
        rows.map(({ row }) => row),
        rows.map(({ key }) => key),
        limit,
        order,
      )
    } catch (error) {
      throw textError(error)
    }
  }

  /** How many there are of which `list` shows pages. @throws StoreError INVALID_TEXT */
  async count(filter: ArchitectureFilter): Promise<number> {
    const where = matching(filter)
    try {
      return await this.#db.$count(architectures, where)
    } catch (error) {
      throw textError(error)
    }
  }

  /** Names by id, of deleted ones too. */
  async names(ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#db
      .select({ id, name })
      .from(architectures)
      .where(inArray(id, ids.filter(isUuid)))
    return new Map(rows.map((row) => [row.id, row.name]))
  }

  /**
   * Hides it and cancels its queued runs, in one transaction; finished runs keep their results, a running one goes on to its
   * end. Null where there is none, or it is already deleted.
   */
  async markDeleted(architectureId: string, line?: AuditLine): Promise<{ architecture: ArchitectureSummary; cancelledRuns: Run[] } | null> {
    if (!isUuid(architectureId)) return null
    const itsOwn = or(eq(runs.architectureId, architectureId), eq(runs.againstArchitectureId, architectureId))!
    const waiting = and(itsOwn, eq(runs.status, 'queued'))!
    const devices = await this.#db.selectDistinct({ deviceUuid: runs.deviceUuid }).from(runs).where(waiting)
    for (const { deviceUuid } of devices) await this.#tickets.ensureQueue(deviceUuid)
    const deleted = await this.#db.transaction(async (tx) => {
      const [before] = await tx
        .select({ blob })
        .from(architectures)
        .where(and(eq(id, architectureId), isNull(deletedAt)))
        .for('update')
      if (!before) return null
      const [architecture] = await tx
        .update(architectures)
        .set({ deletedAt: sql`now()`, blob: null })
        .where(eq(id, architectureId))
        .returning(summary)
      await tx.execute(sql`SELECT ${architectureNotice(architectureId, 'deleted')}`)
      await writeLine(tx, line, architectureId)
      const error = { code: 'ARCHITECTURE_DELETED', message: 'Cancelled, since its architecture was deleted' }
      const beside = await tx
        .delete(architectureData)
        .where(eq(architectureData.architectureId, architectureId))
        .returning({ digest: architectureData.digest })
      const blobs = new Set([...(before.blob === null ? [] : [before.blob]), ...beside.map((each) => each.digest)])
      return { blobs, architecture: architecture!, cancelledRuns: await cancelQueued(tx, this.#tickets, itsOwn, error) }
    })
    if (!deleted) return null
    const { blobs, ...rest } = deleted
    // One at a time: another architecture may have come to use the blob.
    for (const named of blobs) await this.#blobs.collect(named)
    return rest
  }
}

async function insertIn(
  db: Transaction,
  { graph, ...architecture }: NewArchitecture,
  named: string | null,
  line: AuditLine | undefined,
): Promise<{ architecture: ArchitectureSummary; created: boolean }> {
  const sameContent = and(eq(digest, architecture.digest), eq(name, architecture.name), isNull(deletedAt))
  // A second round is needed only if the conflicting row was deleted between the two statements.
  for (;;) {
    const [created] = await db
      .insert(architectures)
      .values({ ...architecture, graph: graph as object, blob: named, id: uuidv7(), createdAt: sql`now()` })
      .onConflictDoNothing({ target: [digest, name], where: isNull(deletedAt) })
      .returning(summary)
    if (created) {
      await db.execute(sql`SELECT ${architectureNotice(created.id, 'registered')}`)
      await writeLine(db, line, created.id)
      return { architecture: created, created: true }
    }
    const [existing] = await db.select(summary).from(architectures).where(sameContent)
    if (existing) return { architecture: existing, created: false }
  }
}
