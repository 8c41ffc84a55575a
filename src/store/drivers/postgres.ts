/** A PostgreSQL server, 15 or newer: durable, and shared by as many services as there are hosts. */

import type { Duplex } from 'node:stream'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { bossOptions, type Driver, type Log } from '../database.ts'
import { drizzleOverPostgres, givenBack } from '../drizzle.ts'
import { connectionError, reason, StoreError } from '../errors.ts'

/** Time limits after which the database counts as not answering, ms. */
export interface Limits {
  /** For accepting a connection, or for one of the pool to become free. */
  connectMs: number
  /** For a statement. The server itself stops a little earlier, so that it does not continue with an abandoned one. */
  statementMs: number
  /** Interval between checks of the listening connection, which may be silent for hours. */
  heartbeatMs: number
}

const defaultLimits: Limits = { connectMs: 5000, statementMs: 10_000, heartbeatMs: 10_000 }
/** pg-boss's own housekeeping goes through whole tables. */
const BOSS_STATEMENT_MS = 30_000
const OLDEST = 15
/** Of what reads one moment: a count of a whole table may take long, and a client that reads slowly holds up the next statement. */
const frozenMs = { statement: 60_000, idle: 600_000 }
const RECONNECT_MS = { first: 100, longest: 5000 }

/**
 * @param url `postgres://user:password@host:5432/database`
 * @throws StoreError DATABASE_UNREACHABLE; the message never holds the password.
 */
export async function openPostgres(url: string, log: Log, limits: Limits = defaultLimits): Promise<Driver> {
  const reach = new Reach(log)
  const pool = new ReportingPool(
    {
      connectionString: url,
      max: 10,
      connectionTimeoutMillis: limits.connectMs,
      query_timeout: limits.statementMs,
      statement_timeout: Math.ceil(limits.statementMs * 0.9),
      // Otherwise locks of a vanished host would be held for hours.
      idle_in_transaction_session_timeout: 60_000,
      application_name: 'archmeter',
      keepAlive: true,
    },
    reach,
  )
  // An idle connection that the server ends would otherwise end this process.
  pool.on('error', (error) => log.debug({ err: error }, 'an idle database connection was lost'))
  try {
    const { rows } = await pool.query('SHOW server_version_num')
    const version = Math.floor(Number(rows[0].server_version_num) / 10_000)
    if (version < OLDEST) throw new Error(`it is PostgreSQL ${version}, and ${OLDEST} or newer is needed`)
  } catch (error) {
    await pool.end().catch(() => {})
    throw new StoreError(
      'DATABASE_UNREACHABLE',
      `The database at ${withoutPassword(url)} cannot be used: ${reason(error)}. Set DATABASE_URL to postgres://user:password@host:5432/database, or unset it to use the embedded store`,
      { cause: error },
    )
  }
  reach.opened = true
  const listeners: Listener[] = []
  return {
    kind: 'postgres',
    db: drizzleOverPostgres(pool),
    async unhurried(work) {
      const patient = new pg.Pool({
        connectionString: url,
        max: 1,
        Client: HeardClient,
        connectionTimeoutMillis: limits.connectMs,
        application_name: 'archmeter',
      })
      try {
        return await work(drizzleOverPostgres(patient))
      } finally {
        // What was done is done.
        await patient.end().catch(() => {})
      }
    },
    boss: () => {
      const options = { ...bossOptions, connectionString: url, max: 4, application_name: 'archmeter-queue' }
      // Not documented options of pg-boss, which passes them on to its pool.
      const passedOn = { connectionTimeoutMillis: limits.connectMs, query_timeout: BOSS_STATEMENT_MS, Client: HeardClient }
      return new PgBoss({ ...options, ...passedOn } as typeof options)
    },
    async listen(channel, onMessage, onGap) {
      listeners.push(await listenForever(url, channel, onMessage, onGap, log, limits))
    },
    async freeze() {
      const client = new pg.Client({
        connectionString: url,
        connectionTimeoutMillis: limits.connectMs,
        statement_timeout: frozenMs.statement,
        idle_in_transaction_session_timeout: frozenMs.idle,
        application_name: 'archmeter-moment',
        keepAlive: true,
      })
      // The statement under way, or the next one, tells whoever reads.
      client.on('error', (error) => log.debug({ err: error }, 'the connection that reads one moment was lost'))
      try {
        await client.connect()
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      } catch (error) {
        await client.end().catch(() => {})
        throw connectionError(error as Error)
      }
      // Nothing was written: there is nothing to commit.
      return { db: drizzleOverPostgres(client), close: () => client.end().catch(() => {}) }
    },
    heard: async () => void (await Promise.all(listeners.map((listener) => listener.heard()))),
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()))
      await pool.end()
    },
  }
}

/** Whether the database answered the last statement; logs a line when that changes. */
class Reach {
  readonly #log: Log
  #lost = false
  /** Before that, the caller of `open` gets the error. */
  opened = false

  constructor(log: Log) {
    this.#log = log
  }

  answered(): void {
    if (this.#lost) this.#log.info({}, 'the database answers again')
    this.#lost = false
  }

  failed(error: StoreError): void {
    if (!this.#lost && this.opened) this.#log.error({ reason: reason(error.cause) }, 'the database does not answer')
    this.#lost = true
  }
}

/**
 * A client whose lost connection ends no process. node-postgres tells of the loss by an event too, and throws it where nobody hears
 * that; a pool hears its idle clients alone, and none that is between two statements of a transaction.
 */
class HeardClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    this.on('error', () => {})
  }
}

type Callback = (error: Error | undefined, ...rest: any[]) => void

/** A pool that throws a StoreError when the database failed rather than the statement; node-postgres has no code for that. */
class ReportingPool extends pg.Pool {
  readonly #reach: Reach

  constructor(config: pg.PoolConfig, reach: Reach) {
    super({ ...config, Client: reportingClient(reach) })
    this.#reach = reach
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Callback): void
  override connect(callback?: Callback): unknown {
    if (callback) return super.connect((error, ...rest) => callback(error && named(error, this.#reach), ...rest))
    return super.connect().then(givenBack, (error) => {
      throw named(error, this.#reach)
    })
  }
}

/** @returns a class, since a pool makes its clients itself. */
const reportingClient = (reach: Reach) =>
  class ReportingClient extends HeardClient {
    override query(...args: any[]): any {
      const ask = super.query.bind(this) as (...args: any[]) => any
      const failed = (error: Error) => {
        const known = named(error, reach)
        // A late answer would be taken for that of the next statement.
        if (known instanceof StoreError) cut(this)
        return known
      }
      const callback = args.at(-1)
      if (typeof callback === 'function')
        return ask(...args.slice(0, -1), (error: Error | undefined, result: unknown) => {
          if (!error) reach.answered()
          callback(error && failed(error), result)
        })
      return ask(...args).then(
        (result: unknown) => {
          reach.answered()
          return result
        },
        (error: Error) => {
          throw failed(error)
        },
      )
    }
  }

/** Closes a connection abruptly: there is no other way to abandon a statement that gets no answer. */
const cut = (client: pg.Client): void => void (client as unknown as { connection: { stream: Duplex } }).connection.stream.destroy()

/** The error, or DATABASE_UNREACHABLE where the database did not answer; reports either to `reach`. */
function named(error: Error, reach: Reach): Error {
  const known = connectionError(error)
  if (known instanceof StoreError) reach.failed(known)
  else reach.answered()
  return known
}

interface Listener {
  heard(): Promise<void>
  close(): Promise<void>
}

/** LISTEN on a separate connection, restored when it is lost, with a growing pause between attempts. */
async function listenForever(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
  onGap: () => void,
  log: Log,
  limits: Limits,
): Promise<Listener> {
  let client: pg.Client | null = null
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const open = async () => {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: limits.connectMs,
      query_timeout: limits.connectMs,
      application_name: 'archmeter-listen',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    })
    let lost = false
    const onLost = (error?: Error) => {
      if (lost || closed || next !== client) return
      lost = true
      log.warn({ err: error }, 'the connection that listens for events was lost; it is being made again')
      reopen(RECONNECT_MS.first)
    }
    next.on('error', onLost)
    next.on('end', () => onLost())
    next.on('notification', (message) => onMessage(message.payload ?? ''))
    try {
      await next.connect()
      await next.query(`LISTEN ${channel}`)
    } catch (error) {
      await next.end().catch(() => {})
      throw error
    }
    if (closed) await next.end()
    else client = next
  }
  const reopen = (pause: number) => {
    client = null
    retry = setTimeout(async () => {
      try {
        await open()
        onGap()
      } catch {
        if (!closed) reopen(Math.min(pause * 2, RECONNECT_MS.longest))
      }
    }, pause)
  }
  const ask = async () => {
    const asked = client
    if (!asked) throw new Error('the connection that listens for events is lost')
    try {
      await asked.query('SELECT')
    } catch (error) {
      // Nothing else would notice that no answer comes.
      cut(asked)
      throw error
    }
  }
  let turn: Promise<void> = Promise.resolve()
  /** The server tells a session what others have committed before it answers the session's next statement. */
  const heard = () => {
    turn = turn.catch(() => {}).then(ask)
    return turn
  }
  await open()
  const beat = setInterval(() => void heard().catch(() => {}), limits.heartbeatMs)
  return {
    heard,
    async close() {
      closed = true
      clearInterval(beat)
      clearTimeout(retry)
      await client?.end().catch(() => {})
    },
  }
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`
  } catch {
    return 'DATABASE_URL'
  }
}
