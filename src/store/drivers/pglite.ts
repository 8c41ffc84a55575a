/**
 * The embedded store: PostgreSQL in WebAssembly, in a folder, on a thread of this process. It is spoken to like a server,
 * by node-postgres, over messages instead of a socket. One connection, so whatever runs in a transaction must use the
 * transaction's handle: a statement on `db` from inside would wait for itself for ever.
 *
 * It survives any end of this process, but guarantees nothing over a power cut: it makes no fsync call
 * (docs/adr/embedded-store.md).
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { fromPglite, PgBoss } from 'pg-boss'
import { bossOptions, type Driver, type Log } from '../database.ts'
import { DiskSpace, diskProblem } from '../disk-space.ts'
import { drizzleOverPostgres, givenBack } from '../drizzle.ts'
import { StoreError } from '../errors.ts'
import { Session } from './pglite-session.ts'

/** In the data folder as long as a backup is being restored into it. */
export const restoring = 'restoring'
/** Suffix of a database that is being created. */
const unfinished = '.pglite-unfinished'

/** @param folder held by this process (`data-folder.ts`); the database lies in `folder/pglite`. */
export async function openPglite(folder: string, log: Log): Promise<Driver> {
  const home = join(folder, 'pglite')
  let pool: EmbeddedPool
  try {
    requireWhole(folder)
    if (!existsSync(home)) await initialize(folder)
    pool = await EmbeddedPool.open(home, log)
  } catch (error) {
    // The database is not broken if only space or permission was missing.
    await new DiskSpace(folder).require()
    throw new StoreError(
      'DATABASE_UNREACHABLE',
      `The embedded database in ${folder} does not open (${(error as Error).message}): move this folder away, and restore the last backup ` +
        'into an empty DATA_DIR (npm run restore -- archmeter.tar), or set DATA_DIR to a new folder and begin with nothing',
      { cause: error },
    )
  }
  const db = drizzleOverPostgres(pool)
  return {
    kind: 'pglite',
    db,
    unhurried: (work) => work(db),
    boss: () => new PgBoss({ ...bossOptions, db: fromPglite(pool), backend: 'pglite' }),
    listen: async (channel, onMessage, onGap) => void (await pool.listen(channel, onMessage, onGap)),
    // A notice comes with the answer to the statement that made it.
    heard: async () => {},
    copy: (to, queries) => pool.copy(to, queries),
    close: () => pool.end(),
  }
}

/**
 * Anything but a folder without a database, or with a whole one, is left as it is: PGlite makes a new database in the place of one
 * without PG_VERSION, and an empty database has no use for files of networks, which would be removed.
 * @throws Error that says what is missing.
 */
function requireWhole(folder: string): void {
  if (existsSync(join(folder, restoring))) throw new Error('a restore into it was interrupted: empty the folder and restore again')
  const whole = existsSync(join(folder, 'pglite', 'PG_VERSION'))
  if (!whole && existsSync(join(folder, 'pglite'))) throw new Error('its file pglite/PG_VERSION is gone')
  if (!whole && globSync('*', { cwd: join(folder, 'blobs') }).length > 0)
    throw new Error('it has files of networks, in blobs, and its database, in pglite, is gone')
}

/**
 * Creates an empty database, all or nothing: half of one, left by a killed process, would never open. Each attempt uses a
 * new folder, since the program may outlive its parent.
 */
async function initialize(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(unfinished)) await rm(join(folder, name), { recursive: true, force: true })
  const made = join(folder, `${randomUUID()}${unfinished}`)
  const { NODE_OPTIONS: _, ...env } = process.env
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('./pglite-init.ts', import.meta.url)), made], { env })
  await rename(made, join(folder, 'pglite'))
}

type Query = (text: string | pg.QueryConfig, values?: unknown[]) => Promise<pg.QueryResult>

interface Lease {
  query: Query
  release(): void
}

/** Pauses between attempts to open a database that has ended, ms. */
const reopenMs = { first: 100, longest: 5000 }

/**
 * The one connection, handed out to one user at a time, first come, first served. Drizzle begins a transaction on what
 * `connect` gives, as with a pool of node-postgres: it tells one by its name. Where the database ends by itself, a full
 * disk can do that, what was under way fails, and it is opened again.
 */
class EmbeddedPool {
  readonly #open: () => Promise<void>
  readonly #log: Log
  readonly #listeners = new Map<string, Set<(payload: string) => void>>()
  readonly #gaps = new Set<() => void>()
  #session!: Session
  #turn: Promise<unknown> = Promise.resolve()
  #reopening: Promise<void> | null = null
  #closing = new AbortController()

  private constructor(home: string, log: Log) {
    this.#log = log
    this.#open = async () => {
      this.#session = await Session.open(home, this.#listeners.keys(), {
        notice: (channel, payload) => {
          for (const listener of this.#listeners.get(channel) ?? []) listener(payload)
        },
        lost: (error) => (this.#reopening = this.#reopen(error)),
      })
    }
  }

  /** @param home the folder of the database. @throws Error where it does not open. */
  static async open(home: string, log: Log): Promise<EmbeddedPool> {
    const pool = new EmbeddedPool(home, log)
    await pool.#open()
    return pool
  }

  async #reopen(err: Error): Promise<void> {
    this.#log.error({ err }, 'the embedded database has ended; it is being opened again')
    for (let pauseMs = reopenMs.first; ; pauseMs = Math.min(2 * pauseMs, reopenMs.longest)) {
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {})
      if (this.#closing.signal.aborted) return
      try {
        await this.#open()
        break
      } catch (cause) {
        this.#log.warn({ err: cause }, 'the embedded database does not open; trying again')
      }
    }
    this.#log.info({}, 'the embedded database is open again')
    for (const missed of this.#gaps) missed()
  }

  /** For a transaction. */
  async connect(): Promise<Lease> {
    return givenBack(await this.#lease())
  }

  async #lease(): Promise<Lease> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    const session = this.#session
    await session.renewPlans()
    // Of this session only: what was begun on one that ended does not go on in the next.
    const query: Query = async (text, values) => {
      if (session.lost) throw ended(session.lost)
      try {
        return await session.query(text, values)
      } catch (error) {
        throw session.lost ? ended(session.lost) : error
      }
    }
    return { query, release: resolve }
  }

  query(text: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    return this.#exclusively((client) => client.query(text, values))
  }

  /** Several statements without parameters. Where one fails inside a transaction that they begin, that is rolled back. */
  exec(text: string): Promise<pg.QueryResult[]> {
    return this.#exclusively(async (client) => {
      try {
        // node-postgres gives a list where there are several.
        return [await client.query(text)].flat()
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      }
    })
  }

  async listen(channel: string, listener: (payload: string) => void, onGap?: () => void): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    if (onGap) this.#gaps.add(onGap)
    await this.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
    return async () => void listeners.delete(listener)
  }

  /** Copies the files of the database, and asks it, before anybody else has their turn. */
  async copy(folder: string, queries: readonly string[]): Promise<object[][]> {
    const lease = await this.#lease()
    try {
      const session = this.#session
      if (session.lost) throw ended(session.lost)
      const answers: object[][] = []
      for (const query of queries) answers.push((await lease.query(query)).rows)
      await session.copy(folder)
      return answers
    } finally {
      lease.release()
    }
  }

  /** Shuts the database down, in order, after what is under way. */
  async end(): Promise<void> {
    this.#closing.abort()
    const lease = await this.#lease()
    await this.#reopening
    await this.#session.close()
    lease.release()
  }

  async #exclusively<T>(work: (client: Lease) => Promise<T>): Promise<T> {
    const client = await this.#lease()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }
}

/** What to do about it where the folder is at fault; else that it is being opened again. */
const ended = (why: Error): StoreError =>
  diskProblem(why) ??
  new StoreError(
    'DATABASE_UNREACHABLE',
    `The embedded database has ended and is being opened again (${why.message}): try again in a few seconds`,
    {
      cause: why,
    },
  )
