/**
 * Applies `migrations/*.sql`, in the order of their names, each once, all in one transaction under a lock that a
 * second starter waits for. A migration is never edited once released: its digest is kept and compared.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Driver, Transaction } from './database.ts'
import { rowsOf, sql } from './drizzle.ts'
import { StoreError } from './errors.ts'

/** An arbitrary number, the same in every version of this service. */
const LOCK = 4_112_358_132

export interface Migration {
  name: string
  sql: string
  digest: string
}

export async function shippedMigrations(folder = new URL('./migrations/', import.meta.url)): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8')
      return { name, sql: text, digest: createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex') }
    }),
  )
}

/**
 * @returns the names applied now.
 * @throws StoreError MIGRATION_FAILED; the database is then as it was.
 */
export async function migrate(driver: Driver, migrations?: Migration[]): Promise<string[]> {
  const shipped = migrations ?? (await shippedMigrations())
  try {
    return await driver.unhurried((db) => db.transaction((tx) => apply(tx, shipped)))
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError('MIGRATION_FAILED', `The database could not be brought up to date and is unchanged: ${innermost(error)}`, {
      cause: error,
    })
  }
}

async function apply(tx: Transaction, shipped: Migration[]): Promise<string[]> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`)
  await tx.execute(sql`CREATE TABLE IF NOT EXISTS archmeter_migrations (
    name text PRIMARY KEY, digest text NOT NULL, applied_at timestamp(3) with time zone NOT NULL DEFAULT now())`)
  const rows = await rowsOf<{ name: string; digest: string }>(tx, sql`SELECT name, digest FROM archmeter_migrations ORDER BY name`)
  const applied = new Map(rows.map((row) => [row.name, row.digest]))
  const known = new Set(shipped.map((migration) => migration.name))
  const newer = [...applied.keys()].filter((name) => !known.has(name))
  if (newer.length > 0) {
    throw new StoreError(
      'MIGRATION_FAILED',
      `The database was made by a newer version of Archmeter (it has ${newer.join(', ')}): start that version, or use another database`,
    )
  }
  const done: string[] = []
  for (const migration of shipped) {
    const before = applied.get(migration.name)
    if (before === migration.digest) continue
    if (before !== undefined) {
      throw new StoreError(
        'MIGRATION_FAILED',
        `The migration ${migration.name} was changed after this database applied it: restore the file, and make the change in a new one`,
      )
    }
    // One statement at a time: a prepared statement holds one, and PGlite prepares all that Drizzle sends.
    for (const statement of statements(migration.sql)) await tx.execute(sql.raw(statement))
    await tx.execute(sql`INSERT INTO archmeter_migrations (name, digest) VALUES (${migration.name}, ${migration.digest})`)
    done.push(migration.name)
  }
  return done
}

/** Splits at semicolons that end a line, since migrations hold no function bodies. Drops comment lines. */
const statements = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

function innermost(error: unknown): string {
  let current = error as Error
  while (current.cause instanceof Error) current = current.cause
  return current.message
}
