/** Architectures: immutable, found by id, by name and by the digest of their content. */

import { v7 as uuidv7 } from 'uuid'
import type { BlobFile, Blobs } from './blobs.ts'
import { after, isUuid, type Page, page } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, desc, eq, ilike, inArray, isNull, or, sql } from './drizzle.ts'
import { requireStorable, textError } from './errors.ts'
import type { Packed } from './packed.ts'
import { type Architecture, architectureData, architectures, type Run, runs } from './schema.ts'
import type { Tickets } from './tickets.ts'
import { cancelQueued } from './transitions.ts'

/** `graph` is JSON, or packed already: a large one need not be packed on the event loop. */
export type NewArchitecture = Pick<Architecture, 'name' | 'digest' | 'source' | 'layerCount' | 'params' | 'macs'> &
  Partial<Pick<Architecture, 'partial' | 'uncounted'>> & {
    graph: object | Packed
  }
/** The files of a model that is kept: itself, and those beside it, by the names that it has for them. */
export interface ModelFiles {
  model: BlobFile
  data: readonly { location: string; file: BlobFile }[]
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
const { id, name, digest, source, layerCount, params, macs, partial, uncounted, blob, createdAt, deletedAt } = architectures
const summary = { id, name, digest, source, layerCount, params, macs, partial, uncounted, blob, createdAt, deletedAt }

/** A text as itself inside a LIKE pattern. */
const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

export class Architectures {
  readonly #db: Database
  readonly #tickets: Tickets
  readonly #blobs: Blobs

  constructor(db: Database, tickets: Tickets, blobs: Blobs) {
    this.#db = db
    this.#tickets = tickets
    this.#blobs = blobs
  }

  /**
   * Stores it, unless one with this digest and name is there: then that one comes back, `created: false`.
   * @param files that hold its own weights: kept as blobs, for as long as an architecture names them.
   * @throws StoreError INVALID_TEXT
   */
  async insert(architecture: NewArchitecture, files?: ModelFiles): Promise<{ architecture: ArchitectureSummary; created: boolean }> {
    requireStorable([architecture.name, ...(files?.data ?? []).map(({ location }) => location)])
    try {
      if (!files) return await insertIn(this.#db, architecture, null)
      const { model, data } = files
      return await this.#blobs.keeping([model, ...data.map(({ file }) => file)], (put) =>
        this.#db.transaction(async (tx) => {
          await put(tx)
          const inserted = await insertIn(tx, architecture, model.digest)
          const { created, architecture: row } = inserted
          if (created && data.length > 0)
            await tx
              .insert(architectureData)
              .values(data.map(({ location, file }) => ({ architectureId: row.id, location, digest: file.digest })))
          return inserted
        }),
      )
    } catch (error) {
      throw textError(error)
    }
  }

  /** The files beside its model, by the names that this has for them. */
  async dataOf(architectureId: string): Promise<{ location: string; digest: string }[]> {
    const { location, digest: of } = architectureData
    return this.#db
      .select({ location, digest: of })
      .from(architectureData)
      .where(eq(architectureData.architectureId, architectureId))
      .orderBy(location)
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
    requireStorable([query.search ?? ''])
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
    // Each by itself: it may find that another architecture came to name the blob.
    for (const named of blobs) await this.#blobs.collect(named)
    return rest
  }
}

async function insertIn(
  db: Database | Transaction,
  { graph, ...architecture }: NewArchitecture,
  named: string | null,
): Promise<{ architecture: ArchitectureSummary; created: boolean }> {
  const sameContent = and(eq(digest, architecture.digest), eq(name, architecture.name), isNull(deletedAt))
  // A second round only where the one in the way was deleted between the two statements.
  for (;;) {
    const [created] = await db
      .insert(architectures)
      .values({ ...architecture, graph: graph as object, blob: named, id: uuidv7(), createdAt: sql`now()` })
      .onConflictDoNothing({ target: [digest, name], where: isNull(deletedAt) })
      .returning(summary)
    if (created) return { architecture: created, created: true }
    const [existing] = await db.select(summary).from(architectures).where(sameContent)
    if (existing) return { architecture: existing, created: false }
  }
}
