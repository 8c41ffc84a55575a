import { LRUCache } from 'lru-cache'

/** How often this process checks that a row still exists, since another process may have deleted it. */
const existenceMs = 1000
const mostBytes = 16 * 2 ** 20

/**
 * Rows of architectures as they were read a moment ago: what is stored of one never changes, and a dashboard or a client of GraphQL
 * asks for the same again and again, each time by way of the database's thread.
 */
export class KnownRows<Row extends { id: string; deletedAt: Date | null }> {
  readonly #rows: LRUCache<string, Row>
  readonly #read: (ids: readonly string[]) => Promise<readonly Row[]>
  /** Deleted by this process: a row that was being read meanwhile is not kept. */
  readonly #deleted = new LRUCache<string, true>({ max: 10_000 })

  /** @param bytes about how much a row holds. */
  constructor(read: (ids: readonly string[]) => Promise<readonly Row[]>, bytes: (row: Row) => number) {
    this.#read = read
    this.#rows = new LRUCache({
      max: 2000,
      maxSize: mostBytes,
      sizeCalculation: (row) => 1000 + bytes(row),
      ttl: existenceMs,
    })
  }

  /** In the order of the ids; undefined for one that is not there or deleted. */
  async of(ids: readonly string[]): Promise<(Row | undefined)[]> {
    const found = new Map<string, Row>()
    const missing = new Set<string>()
    for (const id of ids.map((each) => each.toLowerCase())) {
      const kept = this.#rows.get(id)
      if (kept) found.set(id, kept)
      else missing.add(id)
    }
    if (missing.size > 0)
      for (const row of await this.#read([...missing])) {
        if (row.deletedAt || this.#deleted.has(row.id)) continue
        this.#rows.set(row.id, row)
        found.set(row.id, row)
      }
    return ids.map((id) => found.get(id.toLowerCase()))
  }

  /** Of one that was deleted. */
  forget(id: string): void {
    this.#deleted.set(id, true)
    this.#rows.delete(id)
  }
}
