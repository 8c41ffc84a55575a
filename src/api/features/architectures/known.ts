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
  readonly #reading = new Map<string, Promise<Row | undefined>>()
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

  /** In the order of the ids; undefined for one that is not there or deleted. Who asks for what is being read waits for that. */
  of(ids: readonly string[]): Promise<(Row | undefined)[]> {
    const keys = ids.map((id) => id.toLowerCase())
    const kept = keys.map((id) => this.#rows.get(id))
    const missing = new Set(keys.filter((id, i) => !kept[i] && !this.#reading.has(id)))
    if (missing.size > 0) {
      const found = this.#find([...missing])
      for (const id of missing) {
        const row = found.then((rows) => rows.get(id)).finally(() => this.#reading.delete(id))
        this.#reading.set(id, row)
      }
    }
    return Promise.all(keys.map((id, i) => kept[i] ?? this.#reading.get(id)))
  }

  async #find(ids: readonly string[]): Promise<Map<string, Row>> {
    const found = new Map<string, Row>()
    for (const row of await this.#read(ids)) {
      if (row.deletedAt || this.#deleted.has(row.id)) continue
      this.#rows.set(row.id, row)
      found.set(row.id, row)
    }
    return found
  }

  /** Of one that was deleted. */
  forget(id: string): void {
    this.#deleted.set(id, true)
    this.#rows.delete(id)
  }
}
