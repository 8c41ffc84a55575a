/** Architectures: immutable, found by id, by name and by the digest of their content. */

import { v7 as uuidv7 } from 'uuid'
import { after, isUuid, type Page, page } from './cursor.ts'
import type { Database } from './database.ts'
import { and, desc, eq, ilike, inArray, isNull, or, sql } from './drizzle.ts'
import { textError } from './errors.ts'
import type { Packed } from './packed.ts'
import { type Architecture, architectures, type Run, runs } from './schema.ts'
import type { Tickets } from './tickets.ts'
import { cancelQueued } from './transitions.ts'

/** `graph` is JSON, or packed already: a large one need not be packed on the event loop. */
export type NewArchitecture = Pick<Architecture, 'name' | 'digest' | 'source' | 'layerCount' | 'params' | 'macs'> & {
  graph: object | Packed
}
/** As it stands in a list: without the graph, which may be megabytes. */
export type ArchitectureSummary = Omit<Architecture, 'graph'>

export interface ArchitectureQuery {
  after?: string | undefined
  limit?: number | undefined
  /** Part of the name, in any case. */
  search?: string | undefined
  /** The whole digest or its beginning. */
  digest?: string | undefined
}

const PAGE = { default: 50, most: 500 }
const { id, name, digest, source, layerCount, params, macs, createdAt, deletedAt } = architectures
const summary = { id, name, digest, source, layerCount, params, macs, createdAt, deletedAt }

/** A text as itself inside a LIKE pattern. */
const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

export class Architectures {
  readonly #db: Database
  readonly #tickets: Tickets

  constructor(db: Database, tickets: Tickets) {
    this.#db = db
    this.#tickets = tickets
  }

  /**
   * Stores it, unless one with this digest and name is there: then that one comes back, `created: false`.
   * @throws StoreError INVALID_TEXT
   */
  async insert({ graph, ...architecture }: NewArchitecture): Promise<{ architecture: ArchitectureSummary; created: boolean }> {
    const sameContent = and(eq(digest, architecture.digest), eq(name, architecture.name), isNull(deletedAt))
    try {
      // A second round only where the one in the way was deleted between the two statements.
      for (;;) {
        const [created] = await this.#db
          .insert(architectures)
          .values({ ...architecture, graph: graph as object, id: uuidv7(), createdAt: sql`now()` })
          .onConflictDoNothing({ target: [digest, name], where: isNull(deletedAt) })
          .returning(summary)
        if (created) return { architecture: created, created: true }
        const [existing] = await this.#db.select(summary).from(architectures).where(sameContent)
        if (existing) return { architecture: existing, created: false }
      }
    } catch (error) {
      throw textError(error)
    }
  }

  /** Deleted ones come too, with their `deletedAt`: finished runs still point at them. */
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

  /** Newest first, deleted ones left out. @throws StoreError INVALID_CURSOR, INVALID_TEXT */
  async list(query: ArchitectureQuery): Promise<Page<ArchitectureSummary>> {
    const limit = Math.min(query.limit ?? PAGE.default, PAGE.most)
    const conditions = [
      isNull(deletedAt),
      query.search === undefined ? undefined : ilike(name, `%${literal(query.search)}%`),
      query.digest === undefined ? undefined : or(eq(digest, query.digest), sql`starts_with(${digest}, ${query.digest})`),
      after(query.after, createdAt, id),
    ]
    try {
      const rows = await this.#db
        .select(summary)
        .from(architectures)
        .where(and(...conditions))
        .orderBy(desc(createdAt), desc(id))
        .limit(limit + 1)
      return page(rows, limit, (row) => ({ at: row.createdAt, id: row.id }))
    } catch (error) {
      throw textError(error)
    }
  }

  /**
   * Hides it and cancels its queued runs, in one transaction; finished runs keep their figures, a running one ends by
   * itself. Null where there is none, or it is deleted already.
   */
  async markDeleted(architectureId: string): Promise<{ architecture: ArchitectureSummary; cancelledRuns: Run[] } | null> {
    if (!isUuid(architectureId)) return null
    const itsOwn = or(eq(runs.architectureId, architectureId), eq(runs.againstArchitectureId, architectureId))!
    const waiting = and(itsOwn, eq(runs.status, 'queued'))!
    const devices = await this.#db.selectDistinct({ deviceUuid: runs.deviceUuid }).from(runs).where(waiting)
    for (const { deviceUuid } of devices) await this.#tickets.ensureQueue(deviceUuid)
    return this.#db.transaction(async (tx) => {
      const [architecture] = await tx
        .update(architectures)
        .set({ deletedAt: sql`now()` })
        .where(and(eq(id, architectureId), isNull(deletedAt)))
        .returning(summary)
      if (!architecture) return null
      const error = { code: 'ARCHITECTURE_DELETED', message: 'Cancelled, since its architecture was deleted' }
      return { architecture, cancelledRuns: await cancelQueued(tx, this.#tickets, itsOwn, error) }
    })
  }
}
