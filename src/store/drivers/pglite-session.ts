/** One life of the embedded database: its thread, and the one connection to it, by node-postgres over messages. */
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import type { FromThread, ToThread } from './pglite-options.ts'
import { PreparedStatements } from './prepared.ts'

/** Who hears of it. */
export interface Hearers {
  notice(channel: string, payload: string): void
  /** The database has ended by itself, its thread with it. Called once. */
  lost(error: Error): void
}

export class Session {
  readonly client: pg.Client
  /** Why it cannot be used any more. */
  lost: Error | null = null
  readonly #thread: Worker
  readonly #prepared = new PreparedStatements()
  readonly #hearers: Hearers
  #open = false

  private constructor(thread: Worker, hearers: Hearers) {
    this.#thread = thread
    this.#hearers = hearers
    const stream = new ThreadStream(thread)
    // Given explicitly, so that environment variables are ignored.
    this.client = new pg.Client({ stream: () => stream, ssl: false, user: 'postgres', database: 'postgres', host: 'thread', port: 1 })
    this.client.on('notification', ({ channel, payload = '' }) => hearers.notice(channel, payload))
    this.client.on('error', (error) => this.#lose(error))
  }

  #lose(error: Error): void {
    if (this.lost) return
    this.lost = error
    // Two threads in one folder would ruin it: this one is gone before anybody hears.
    void this.#thread.terminate().then(() => this.#open && this.#hearers.lost(error))
  }

  /**
   * @param home the folder of the database. @param channels that are listened to.
   * @throws Error where it does not open; its thread is gone then.
   */
  static async open(home: string, channels: Iterable<string>, hearers: Hearers): Promise<Session> {
    // Without the options of this process: some would be refused, and a program passed as text would be run again.
    const thread = new Worker(new URL('./pglite-thread.ts', import.meta.url), {
      ...{ workerData: home, name: 'database', execArgv: [] },
      // What it works on lies in PostgreSQL's memory: V8's default takes 10 MB more for nothing.
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    })
    try {
      await opened(thread)
      const session = new Session(thread, hearers)
      await session.client.connect()
      for (const channel of channels) await session.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      session.#open = true
      return session
    } catch (error) {
      await thread.terminate()
      throw error
    }
  }

  /** @throws what node-postgres does. */
  async query(text: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.client.query(this.#prepared.named(text, values))
    } catch (error) {
      // PostgreSQL ends upon these. Its thread does not, and would answer nothing any more.
      const { severity } = error as pg.DatabaseError
      if (severity === 'PANIC' || severity === 'FATAL') this.#lose(error as Error)
      throw error
    }
  }

  /** To be called outside of transactions, before each use. */
  async renewPlans(): Promise<void> {
    const renewal = this.#prepared.renewal()
    // What is lost says so to the statement itself.
    if (renewal !== null && !this.lost) await this.client.query(renewal).catch(() => {})
  }

  /** Copies the files of the database to a new folder; no statement may be under way. @throws Error where it cannot. */
  async copy(folder: string): Promise<void> {
    await this.client.query('CHECKPOINT')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const told = (message: FromThread) => {
      if (typeof message !== 'object' || !('copied' in message)) return
      if (message.problem) reject(message.problem)
      else resolve()
    }
    const lost = () => reject(new Error('the thread of the database has ended'))
    this.#thread.on('message', told).once('exit', lost)
    try {
      this.#thread.postMessage({ copyTo: folder } satisfies ToThread)
      await promise
    } finally {
      this.#thread.off('message', told).off('exit', lost)
    }
  }

  /** Shuts the database down, in order. */
  async close(): Promise<void> {
    if (this.lost) return
    const over = new Promise((resolve) => this.#thread.once('exit', resolve))
    await this.client.end()
    this.#thread.postMessage('close' satisfies ToThread)
    await over
  }
}

/** @throws Error where the database does not open. */
function opened(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('its thread ended')))
    thread.once('message', (message: FromThread) => {
      thread.removeAllListeners('error').removeAllListeners('exit')
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

  // The methods of a socket that node-postgres calls.
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

  /** The messages of one statement arrive together and are sent to the thread as one. */
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
