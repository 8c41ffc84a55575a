/**
 * Drizzle, loaded as CommonJS. Node reads the package.json around each ES module whose name ends in `.js`, and Drizzle's is
 * 180 KB: its 109 modules took half a second of every start, and take a tenth of that as `.cjs`, whose name says what it is.
 * Everything in `store/` takes Drizzle from here.
 */
import { createRequire } from 'node:module'

export type { SQLWrapper } from 'drizzle-orm'
export type { PgColumn } from 'drizzle-orm/pg-core'

/** Drizzle over either driver. Both answer `execute` with `{rows}`, times as strings there. */
export type Database = import('drizzle-orm/pg-core').PgDatabase<any, Record<string, never>>
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

const load = createRequire(import.meta.url)
const core: typeof import('drizzle-orm') = load('drizzle-orm')
const pgCore: typeof import('drizzle-orm/pg-core') = load('drizzle-orm/pg-core')

export const { and, asc, desc, eq, getTableColumns, gt, ilike, inArray, is, isNotNull, isNull, lt, ne, or, SQL, sql } = core
export type SQL = import('drizzle-orm').SQL
export const { bigint, boolean, customType, doublePrecision, integer, json, jsonb, pgTable, primaryKey, text, timestamp, uuid } = pgCore

/** The rows of a statement that is written in SQL. @typeParam Row its columns, which neither driver can tell. */
export const rowsOf = async <Row extends object>(db: Database | Transaction, statement: SQL): Promise<Row[]> =>
  (await db.execute(statement)).rows

/** A moment in SQL. Not as text: the database writes the years before 1 in another way. */
export const momentOf = (at: Date): SQL => sql`to_timestamp(${at.getTime() / 1000}::float8)`

interface Leased {
  query(...args: any[]): any
  release(error?: Error): void
}

/**
 * A connection for a transaction of Drizzle's, which does not give one back where the BEGIN fails: the first statement on it gives it
 * back then. Otherwise each would be lost to the pool, and a stop would wait for it for ever.
 */
export function givenBack<T extends Leased>(client: T): T {
  const { query } = client
  client.query = async (...args: unknown[]) => {
    client.query = query
    try {
      return await query.apply(client, args)
    } catch (error) {
      client.release(error as Error)
      throw error
    }
  }
  return client
}

/** Drizzle over node-postgres: a pool, or an object with its methods. */
export const drizzleOverPostgres = (pool: object) => load('drizzle-orm/node-postgres').drizzle(pool) as Database
