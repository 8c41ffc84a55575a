/** How services announce their devices to each other: one document per service, valid while it is renewed. */

import type { Database } from './database.ts'
import { asc, eq, sql } from './drizzle.ts'
import { bulletins } from './schema.ts'

/** By the database's clock. A time in the future means that the clock was set back since: the distance is taken as the age. */
const AGE_MS = sql<number>`abs(extract(epoch FROM now() - ${bulletins.seenAt}) * 1000)::float8`

export class Bulletins {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Publishes or renews the document of this service. */
  async post(owner: string, body: object): Promise<void> {
    const row = { body, seenAt: sql`now()` }
    await this.#db
      .insert(bulletins)
      .values({ owner, ...row })
      .onConflictDoUpdate({ target: bulletins.owner, set: row })
  }

  /** Removes it. */
  async remove(owner: string): Promise<void> {
    await this.#db.delete(bulletins).where(eq(bulletins.owner, owner))
  }

  /** Removes those not renewed for `ageMs`. */
  async removeOlder(ageMs: number): Promise<void> {
    await this.#db.delete(bulletins).where(sql`${AGE_MS} > ${ageMs}`)
  }

  /** All published documents, with the time since each was renewed, by the database's clock. */
  async list(): Promise<{ owner: string; body: object; ageMs: number }[]> {
    return this.#db
      .select({
        owner: bulletins.owner,
        body: bulletins.body,
        ageMs: AGE_MS,
      })
      .from(bulletins)
      .orderBy(asc(bulletins.owner))
  }
}
