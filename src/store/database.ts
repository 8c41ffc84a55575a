/** What the store's modules need of a database, whatever the driver. */

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
  /** For work without a time limit, such as migrations. Uses a separate connection where there can be several. */
  unhurried<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** Makes the pg-boss of this database; not started. */
  boss(): PgBoss
  /**
   * Listens to `NOTIFY channel` until `close`. `onGap` is called after a lost connection is restored: notices in between
   * were missed.
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<void>
  /**
   * Resolves when the notices of everything committed before this call have arrived.
   * @throws Error where listening is interrupted, so that this cannot be known.
   */
  heard(): Promise<void>
  /**
   * Of the embedded database: copies its files to a new folder as a clean stop would leave them, while no statement runs.
   * @returns the rows of the queries, asked at that very state.
   */
  copy?(folder: string, queries: readonly string[]): Promise<object[][]>
  /** Of a server: the database as it is at the first statement, on a connection of its own, to be read alone until `close`. */
  freeze?(): Promise<{ db: Database; close(): Promise<void> }>
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
  // Its spans would be of tickets, of which one may start any run; those of runs are `gpu/run-trace.ts`.
  openTelemetry: { enabled: false },
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
