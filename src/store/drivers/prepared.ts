/**
 * Which statements are worth preparing. On the embedded database parsing and planning a statement takes longer than
 * executing it: a statement with a name is parsed once, and planned until the database knows a plan that serves any values.
 */
import type pg from 'pg'

/** Statements with a name at a time, at most: the service has fewer than a hundred. Each holds some 10 kB in the database. */
const mostNames = 256
/** Texts that came once are remembered, so that a second time is known; at most so many. */
const mostTexts = 1024
/**
 * Plans are made anew after so long, ms: one made while a table was small would be kept when it has grown, since nobody
 * gathers statistics in the embedded database.
 */
const plansKeptMs = 20_000
/** As many texts as there are lengths of lists. */
const listOfValues = /\bin \(\$\d+, /i

export class PreparedStatements {
  readonly #names = new Map<string, string>()
  readonly #once = new Set<string>()
  #plannedAt: number
  readonly #now: () => number

  /** @param now monotonic, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#plannedAt = now()
  }

  /** The statement as it is to be sent: with a name from the second time on, where it has values. */
  named(text: string | pg.QueryConfig, values?: unknown[]): pg.QueryConfig {
    const query: pg.QueryConfig = typeof text === 'string' ? { text } : { ...text }
    if (values !== undefined) query.values = values
    const name = query.name === undefined && query.values?.length ? this.#nameOf(query.text) : undefined
    return name === undefined ? query : { ...query, name }
  }

  /** What drops the plans, where it is time to; null otherwise. The statements keep their names. */
  renewal(): string | null {
    if (this.#names.size === 0 || this.#now() - this.#plannedAt < plansKeptMs) return null
    this.#plannedAt = this.#now()
    return 'DISCARD PLANS'
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    if (this.#names.size >= mostNames || listOfValues.test(text)) return undefined
    if (!this.#once.delete(text)) {
      if (this.#once.size >= mostTexts) this.#once.clear()
      this.#once.add(text)
      return undefined
    }
    const name = `s${this.#names.size}`
    this.#names.set(text, name)
    return name
  }
}
