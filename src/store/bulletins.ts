/** What services tell each other of the devices they run on: one document a service, fresh while it is renewed. */

import type { Database } from './database.ts'
import { asc, eq, sql } from './drizzle.ts'
import { bulletins } from './schema.ts'

/** By the database's clock. One from the future was put up before that clock was set back: it is as old as that is far. */
const AGE_MS = sql<number>`abs(extract(epoch FROM now() - ${bulletins.seenAt}) * 1000)::float8`

export class Bulletins {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Puts up the document of this service, or renews it. */
  async post(owner: string, body: object): Promise<void> {
    const row = { body, seenAt: sql`now()` }
    await this.#db
      .insert(bulletins)
      .values({ owner, ...row })
      .onConflictDoUpdate({ target: bulletins.owner, set: row })
  }

  /** Takes it down. */
  async remove(owner: string): Promise<void> {
    await this.#db.delete(bulletins).where(eq(bulletins.owner, owner))
  }

  /** Takes down those not renewed for `ageMs`. */
  async removeOlder(ageMs: number): Promise<void> {
    await this.#db.delete(bulletins).where(sql`${AGE_MS} > ${ageMs}`)
  }

  /** All that are up, with how long ago each was renewed, by the database's clock. */
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
