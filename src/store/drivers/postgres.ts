/** A PostgreSQL server, 15 or newer: durable, and shared by as many services as there are hosts. */

import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { bossOptions, type Driver, type Log } from '../database.ts'
import { drizzleOverPostgres } from '../drizzle.ts'
import { StoreError } from '../errors.ts'

const CONNECT_MS = 5000
const OLDEST = 15
const RECONNECT_MS = { first: 100, longest: 5000 }

/**
 * @param url `postgres://user:password@host:5432/database`
 * @throws StoreError DATABASE_UNREACHABLE; the message never holds the password.
 */
export async function openPostgres(url: string, log: Log): Promise<Driver> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'archmeter',
    keepAlive: true,
  })
  // An idle connection that the server ends would otherwise end this process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
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
  const listeners: Listener[] = []
  return {
    kind: 'postgres',
    db: drizzleOverPostgres(pool),
    boss: () => new PgBoss({ ...bossOptions, connectionString: url, max: 4, application_name: 'archmeter-queue' }),
    async listen(channel, onMessage, onGap) {
      listeners.push(await listenForever(url, channel, onMessage, onGap, log))
    },
    heard: async () => void (await Promise.all(listeners.map((listener) => listener.heard()))),
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()))
      await pool.end()
    },
  }
}

interface Listener {
  heard(): Promise<void>
  close(): Promise<void>
}

/** LISTEN on a connection of its own, made again when it is lost, with a growing pause between attempts. */
async function listenForever(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
  onGap: () => void,
  log: Log,
): Promise<Listener> {
  let client: pg.Client | null = null
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const open = async () => {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
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
  await open()
  return {
    // The server tells a session what others have committed before it answers the session's next statement.
    async heard() {
      if (!client) throw new Error('the connection that listens for events is lost')
      await client.query('SELECT')
    },
    async close() {
      closed = true
      clearTimeout(retry)
      await client?.end().catch(() => {})
    },
  }
}

/** pg gathers the failures of several addresses in an AggregateError, whose own message is empty. */
function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0])
  return (error as Error).message || String((error as NodeJS.ErrnoException).code)
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`
  } catch {
    return 'DATABASE_URL'
  }
}
