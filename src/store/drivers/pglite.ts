/**
 * The embedded store: PostgreSQL in WebAssembly, in a folder, on a thread of this process. It is spoken to like a server,
 * by node-postgres, over messages instead of a socket. One connection, so whatever runs in a transaction must use the
 * transaction's handle: a statement on `db` from inside would wait for itself for ever.
 *
 * It survives the end of this process however it comes, and promises nothing over a power cut: it makes no fsync
 * call (docs/adr/embedded-store.md).
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { fromPglite, PgBoss } from 'pg-boss'
import { bossOptions, type Driver, type Log } from '../database.ts'
import { DiskSpace } from '../disk-space.ts'
import { drizzleOverPostgres } from '../drizzle.ts'
import { StoreError } from '../errors.ts'
import type { FromThread, ToThread } from './pglite-options.ts'

/** Ends the name of a database that is being made. */
const unfinished = '.pglite-unfinished'

const program = (name: string) => new URL(`./${name}`, import.meta.url)

/** @param folder held by this process (`data-folder.ts`); the database lies in `folder/pglite`. */
export async function openPglite(folder: string, log: Log): Promise<Driver> {
  const home = join(folder, 'pglite')
  let thread: Worker | undefined
  try {
    if (!existsSync(home)) await initialize(folder)
    // No options of this process: some would be refused, and a program given as text would be looked for again.
    thread = new Worker(program('pglite-thread.ts'), { workerData: home, name: 'database', execArgv: [] })
    await opened(thread)
  } catch (error) {
    await thread?.terminate()
    // Nothing is broken where there was only no room, or no leave, to open it.
    await new DiskSpace(folder).require()
    throw new StoreError(
      'DATABASE_UNREACHABLE',
      `The embedded database in ${folder} does not open: restore the folder from a copy, or set DATA_DIR to a new one (${(error as Error).message})`,
      { cause: error },
    )
  }
  const pool = new EmbeddedPool(thread, log)
  await pool.open()
  const db = drizzleOverPostgres(pool)
  return {
    kind: 'pglite',
    db,
    unhurried: (work) => work(db),
    boss: () => new PgBoss({ ...bossOptions, db: fromPglite(pool), backend: 'pglite' }),
    listen: async (channel, onMessage) => void (await pool.listen(channel, onMessage)),
    // A notice comes with the answer to the statement that made it.
    heard: async () => {},
    close: () => pool.end(),
  }
}

/**
 * Makes an empty database, whole or not at all: half of one, left by a process that was killed, would never open. In a
 * folder of its own each time, since the program may outlive its parent.
 */
async function initialize(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(unfinished)) await rm(join(folder, name), { recursive: true, force: true })
  const made = join(folder, `${randomUUID()}${unfinished}`)
  const { NODE_OPTIONS: _, ...env } = process.env
  await promisify(execFile)(process.execPath, [fileURLToPath(program('pglite-init.ts')), made], { env })
  await rename(made, join(folder, 'pglite'))
}

/** @throws Error where the database does not open. */
function opened(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('message', (message: FromThread) => {
      thread.off('error', reject)
      if (message === 'open') resolve()
      else reject(new Error(typeof message === 'object' && 'failed' in message ? message.failed : 'its thread speaks out of turn'))
    })
  })
}

/** The thread as the stream that node-postgres writes to and reads from. */
class ThreadStream extends Duplex {
  readonly #thread: Worker

  constructor(thread: Worker) {
    super()
    this.#thread = thread
    thread.on('message', (message: FromThread) => {
      if (message instanceof Uint8Array) this.push(Buffer.from(message.buffer, message.byteOffset, message.byteLength))
    })
    thread.once('error', (error) => this.destroy(error))
    thread.once('exit', () => this.destroy(new Error('the thread of the database has ended')))
  }

  // What node-postgres asks of a socket.
  connect(): void {
    process.nextTick(() => this.emit('connect'))
  }
  setNoDelay(): void {}
  setKeepAlive(): void {}
  ref(): void {}
  unref(): void {}

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(bytes)
    done()
  }

  /** The messages of one statement, which come together, are one for the thread. */
  override _writev(parts: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(parts.map(({ chunk }) => chunk)))
    done()
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  #send(bytes: Buffer): void {
    this.#thread.postMessage(bytes satisfies ToThread)
  }
}

type Query = (text: string | pg.QueryConfig, values?: unknown[]) => Promise<pg.QueryResult>

interface Lease {
  query: Query
  release(): void
}

/**
 * The one connection, handed out to one user at a time, first come, first served. Drizzle begins a transaction on what
 * `connect` gives, as with a pool of node-postgres: it tells one by its name.
 */
class EmbeddedPool {
  readonly #thread: Worker
  readonly #client: pg.Client
  readonly #listeners = new Map<string, Set<(payload: string) => void>>()
  #turn: Promise<unknown> = Promise.resolve()
  #lost: Error | null = null

  constructor(thread: Worker, log: Log) {
    this.#thread = thread
    const stream = new ThreadStream(thread)
    // Named, so that no variable of the environment is heeded.
    this.#client = new pg.Client({ stream: () => stream, ssl: false, user: 'postgres', database: 'postgres', host: 'thread', port: 1 })
    this.#client.on('error', (err) => {
      this.#lost = err
      log.error({ err }, 'the embedded database has ended: restart the service')
    })
    this.#client.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload)
    })
  }

  async open(): Promise<void> {
    await this.#client.connect()
  }

  connect(): Promise<Lease> {
    return this.#lease()
  }

  async #lease(): Promise<Lease> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    const query: Query = async (text, values) => {
      if (!this.#lost) return this.#client.query(text as string, values)
      throw new StoreError('DATABASE_UNREACHABLE', `The embedded database has ended (${this.#lost.message}): restart the service`)
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

  async listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    await this.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
    return async () => void listeners.delete(listener)
  }

  /** Shuts the database down, in order, after what is under way. */
  async end(): Promise<void> {
    const lease = await this.#lease()
    const over = new Promise((resolve) => this.#thread.once('exit', resolve))
    if (!this.#lost) {
      await this.#client.end()
      this.#thread.postMessage('close' satisfies ToThread)
      await over
    }
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
