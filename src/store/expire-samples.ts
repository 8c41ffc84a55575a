/** Samples of runs that are older than they are kept: dropped in batches, with a summary in their place. */
import type { Database } from './database.ts'
import { and, eq, isNotNull, rowsOf, sql } from './drizzle.ts'
import { fromBytes } from './samples.ts'
import { runSamples } from './schema.ts'

/** An arbitrary number, the same in every version of this service. */
const LOCK = 4_112_358_133

export interface Expiry {
  /** Samples stored so many days ago, or longer, are dropped. */
  days: number
  /** Most runs of a batch. */
  mostRuns: number
  /** Most samples of a batch, but for its first run, which is dropped whole. */
  mostSamples: number
  /** What is to stay of the samples of a run, in ms in the order measured: a document. */
  summarize(samples: Float64Array): Promise<object>
}

/** What a batch dropped. */
export interface Expired {
  runs: number
  samples: number
}

/**
 * Drops one batch, the oldest first, in one transaction. Outputs stay, since later runs are held against them.
 * @returns what was dropped, nothing where nothing is old enough; null where another process is at it.
 */
export async function expireSamples(db: Database, { days, mostRuns, mostSamples, summarize }: Expiry): Promise<Expired | null> {
  return db.transaction(async (tx) => {
    const [lock] = await rowsOf<{ mine: boolean }>(tx, sql`SELECT pg_try_advisory_xact_lock(${LOCK}::bigint) AS mine`)
    if (!lock!.mine) return null
    const old = await tx
      .select({ runId: runSamples.runId, bytes: sql<number>`octet_length(${runSamples.samples})` })
      .from(runSamples)
      // By the database's clock, by which the moment was taken, too.
      .where(and(isNotNull(runSamples.samples), sql`${runSamples.storedAt} <= now() - ${days} * interval '1 day'`))
      .orderBy(runSamples.storedAt)
      .limit(mostRuns)
    const done: Expired = { runs: 0, samples: 0 }
    for (const { runId, bytes } of old) {
      const count = bytes / Float64Array.BYTES_PER_ELEMENT
      if (done.runs > 0 && done.samples + count > mostSamples) break
      const [row] = await tx.select({ samples: runSamples.samples }).from(runSamples).where(eq(runSamples.runId, runId))
      const summary = await summarize(fromBytes(row!.samples!))
      await tx.update(runSamples).set({ samples: null, summary, expiredAt: sql`now()` }).where(eq(runSamples.runId, runId))
      done.runs += 1
      done.samples += count
    }
    return done
  })
}
