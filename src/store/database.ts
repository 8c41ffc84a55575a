/** What the store's modules need of a database, whichever driver brings it. */

import type { Clock, PgBoss } from 'pg-boss'
import type { Database } from './drizzle.ts'

export type { Database, Transaction } from './drizzle.ts'

/** Structural, so that pino and `console` both fit. */
export interface Log {
  debug(object: object, message: string): void
  info(object: object, message: string): void
  warn(object: object, message: string): void
  error(object: object, message: string): void
}

export interface Driver {
  kind: 'pglite' | 'postgres'
  /** A statement that takes long fails. */
  db: Database
  /** For work that may take as long as it takes, migrations say. On a connection of its own where there can be several. */
  unhurried<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** Makes the pg-boss of this database; not started. */
  boss(): PgBoss
  /**
   * Hears `NOTIFY channel` until `close`. `onGap` is called after a connection was lost and made again: what was said
   * meanwhile was missed.
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<void>
  /**
   * Resolves when every notice of what was committed before this call has been heard.
   * @throws Error where that cannot be told, since listening is cut off.
   */
  heard(): Promise<void>
  close(): Promise<void>
}

/**
 * The clock by which pg-boss waits: one that nobody sets. By the time of day, a clock set back by an hour makes each of its
 * pauses an hour longer. Times in the database are the database's own.
 */
export const bossClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setInterval: (callback, ms) => setInterval(callback, ms),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
}

/**
 * pg-boss as this service uses it: jobs are tickets (see docs/adr), so its own monitors, schedules, flows and
 * registry stay off; each would query beside a run that is being timed. What is left are three queries in six
 * seconds idle, against forty with supervision each second (counted on PGlite).
 */
export const bossOptions = {
  schema: 'pgboss',
  clock: bossClock,
  useListenNotify: true,
  schedule: false,
  registerInstance: false,
  monitorVacuum: false,
  reindex: false,
  superviseIntervalSeconds: 60,
  maintenanceIntervalSeconds: 3600,
  flowIntervalSeconds: 3600,
  bamIntervalSeconds: 3600,
} as const
