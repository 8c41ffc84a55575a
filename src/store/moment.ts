/** The store as it is at one moment, read for as long as that takes while the store goes on. */
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Architectures } from './architectures.ts'
import type { Blobs } from './blobs.ts'
import type { Database, Driver, Log } from './database.ts'
import { rowsOf, sql } from './drizzle.ts'
import { Keys } from './keys.ts'
import { Runs } from './runs.ts'
import { Sweeps } from './sweeps.ts'
import type { Tickets } from './tickets.ts'

export interface Moment {
  /** Which one, by the database's clock. */
  at: Date
  /** For reading. */
  architectures: Architectures
  runs: Runs
  sweeps: Sweeps
  keys: Keys
  /** A kept file of a network; null where it is not there, or not whole. */
  file(digest: string): Promise<KeptBytes | null>
  /** Lets go of it, and of what lies on disk for it. */
  close(): Promise<void>
}

export interface KeptBytes {
  bytes: number
  read(): AsyncIterable<Buffer>
}

/**
 * On a server it is a transaction of its own (repeatable read); of the embedded database, which has one connection, a copy of its
 * files, opened beside it, which takes as much disk as they do and memory of its own, until `close`.
 * @throws StoreError DATABASE_UNREACHABLE
 */
export async function holdMoment(driver: Driver, blobs: Blobs, tickets: Tickets, log: Log): Promise<Moment> {
  const held = driver.copy ? await copied(driver.copy, blobs, log) : await frozen(driver.freeze!)
  const { db, at, file, close } = held
  const runs = new Runs(db, tickets)
  return { at, architectures: new Architectures(db, tickets, blobs), runs, sweeps: new Sweeps(db, runs), keys: new Keys(db), file, close }
}

type Held = Pick<Moment, 'at' | 'file' | 'close'> & { db: Database }

async function copied(copy: NonNullable<Driver['copy']>, blobs: Blobs, log: Log): Promise<Held> {
  const home = await blobs.scratch.path()
  const discard = () => rm(home, { recursive: true, force: true })
  try {
    const { answers } = await blobs.link(home, () => copy(path.join(home, 'pglite'), ['SELECT now()::text AS now']))
    const { openPglite } = await import('./drivers/pglite.ts')
    const { db, close } = await openPglite(home, log)
    return {
      db,
      at: new Date((answers[0] as { now: string }[])[0]!.now),
      async file(digest) {
        const name = path.join(home, 'blobs', digest.replace('sha256:', ''))
        const there = await stat(name).catch(() => null)
        return there && { bytes: there.size, read: () => createReadStream(name, { highWaterMark: 2 ** 18 }) }
      },
      close: () => close().finally(discard),
    }
  } catch (error) {
    await discard()
    throw error
  }
}

async function frozen(freeze: NonNullable<Driver['freeze']>): Promise<Held> {
  const { db, close } = await freeze()
  try {
    const [row] = await rowsOf<{ now: string }>(db, sql`SELECT now()::text AS now`)
    return {
      db,
      at: new Date(row!.now),
      async file(digest) {
        const [found] = await rowsOf<{ bytes: string; held: string }>(
          db,
          sql`
          SELECT bytes::text AS bytes, (SELECT coalesce(sum(octet_length(data)), 0)::text FROM blob_chunks WHERE digest = blobs.digest) AS held
          FROM blobs WHERE digest = ${digest}`,
        )
        if (!found || found.bytes !== found.held) return null
        return { bytes: Number(found.bytes), read: () => chunksOf(db, digest) }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function* chunksOf(db: Database, digest: string): AsyncGenerator<Buffer> {
  for (let part = 0; ; part++) {
    const [row] = await rowsOf<{ data: Buffer }>(db, sql`SELECT data FROM blob_chunks WHERE digest = ${digest} AND part = ${part}`)
    if (!row) return
    yield row.data
  }
}
