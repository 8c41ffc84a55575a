import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { getTableConfig } from 'drizzle-orm/pg-core'
import { holdDataFolder } from '../../src/store/data-folder.ts'
import type { Driver } from '../../src/store/database.ts'
import { openStore, StoreError } from '../../src/store/index.ts'
import { type Migration, migrate, shippedMigrations } from '../../src/store/migrate.ts'
import * as schema from '../../src/store/schema.ts'
import { cleanup, openTestStore, quietLog, readyPlace, storeKind } from './helper.ts'

const refused = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, text)
  return true
}
const folder = async () => mkdtemp(join(tmpdir(), 'archmeter-folder-'))

test('a data folder has one holder; the refusal names its process, by whatever path one comes', async (t) => {
  const later = cleanup(t)
  const dir = await folder()
  later(() => rm(dir, { recursive: true }))
  const path = join(dir, 'made', 'on the way')
  const held = await holdDataFolder(path)
  const link = join(dir, 'link')
  await symlink(path, link)
  for (const way of [path, `${path}/../on the way/`, link]) {
    await assert.rejects(
      holdDataFolder(way),
      refused('DATA_FOLDER_IN_USE', new RegExp(`on the way is in use by process ${process.pid}: .*DATA_DIR`)),
    )
  }
  const other = await holdDataFolder(join(dir, 'made'))
  await held.release()
  await (await holdDataFolder(link)).release()
  await other.release()
})

test('a folder that another container holds is refused, and its file goes with it', {
  skip: process.platform !== 'linux' && 'skipped: elsewhere there is one lock for all',
}, async (t) => {
  const later = cleanup(t)
  const dir = await folder()
  later(() => rm(dir, { recursive: true }))
  // A network namespace of its own hides the other lock, so there is only this file.
  const holder = createServer((socket) => socket.end('7')).listen(join(dir, 'in-use.sock'))
  await once(holder, 'listening')
  for (let i = 0; i < 2; i++) await assert.rejects(holdDataFolder(dir), refused('DATA_FOLDER_IN_USE', /in use by process 7: /))
  holder.close()
  const held = await holdDataFolder(dir)
  assert.deepEqual(await readdir(dir), ['in-use.sock'])
  await held.release()
  assert.deepEqual(await readdir(dir), [])
  // Where the path is too long for a socket, the other lock stands.
  const deep = join(dir, 'x'.repeat(100))
  const far = await holdDataFolder(deep)
  await assert.rejects(holdDataFolder(deep), refused('DATA_FOLDER_IN_USE', /in use by process/))
  await far.release()
})

test('the folder of a killed process is free', { timeout: 30_000 }, async (t) => {
  const later = cleanup(t)
  const dir = await folder()
  later(() => rm(dir, { recursive: true }))
  const module = new URL('../../src/store/data-folder.ts', import.meta.url).href
  const code = `await (await import(${JSON.stringify(module)})).holdDataFolder(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  later(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await assert.rejects(holdDataFolder(dir), refused('DATA_FOLDER_IN_USE', new RegExp(`process ${child.pid}`)))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await holdDataFolder(dir)).release()
})

test('a data folder that cannot be one is refused with what to do', async (t) => {
  const later = cleanup(t)
  const dir = await folder()
  later(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'file'), '')
  await assert.rejects(holdDataFolder(join(dir, 'file')), refused('DATA_FOLDER_UNUSABLE', /EEXIST.*DATA_DIR/))
  await assert.rejects(holdDataFolder(join(dir, 'file', 'below')), refused('DATA_FOLDER_UNUSABLE', /ENOTDIR.*DATA_DIR/))
  if (process.getuid?.() !== 0) {
    await mkdir(join(dir, 'closed'))
    await chmod(join(dir, 'closed'), 0o500)
    await assert.rejects(holdDataFolder(join(dir, 'closed', 'below')), refused('DATA_FOLDER_UNUSABLE', /EACCES/))
  }
})

test('two starts at once: on one folder the second is refused, on one server both serve', { timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  const [a, b] = await Promise.allSettled([openStore(place.options), openStore(place.options)])
  later(async () => {
    for (const opened of [a, b]) if (opened.status === 'fulfilled') await opened.value.close()
    await place.remove()
  })
  const opened = [a, b].flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (storeKind === 'postgres') assert.equal(opened.length, 2)
  else {
    assert.equal(opened.length, 1)
    const failure = [a, b].find((result) => result.status === 'rejected')!
    refused('DATA_FOLDER_IN_USE', /in use by process/)(failure.reason)
  }
  for (const store of opened) await store.ping()
  const { rows } = await opened[0]!.db.execute(sql`SELECT count(*)::int AS n FROM archmeter_migrations`)
  assert.equal(rows[0].n, (await shippedMigrations()).length)
})

test('migrations: each once, all or none, never edited, never from the future; columns are those of the schema', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const { store, close } = await openTestStore()
  later(close)
  const driver = { unhurried: (work) => work(store.db) } as Driver
  const shipped = await shippedMigrations()
  assert.deepEqual(await migrate(driver), [])
  const migration = (name: string, text: string): Migration => ({ name, sql: text, digest: text })
  const good = migration('9001_good.sql', "-- a comment; with a semicolon\nCREATE TABLE good (a text);\nINSERT INTO good VALUES ('x;y');\n")
  const bad = migration('9002_bad.sql', 'CREATE TABLE bad (a text);\nSELECT 1 / 0;\n')

  await assert.rejects(migrate(driver, [...shipped, good, bad]), refused('MIGRATION_FAILED', /is unchanged: .*division by zero/))
  const { rows: none } = await store.db.execute(sql`SELECT to_regclass('good') AS good, to_regclass('bad') AS bad`)
  assert.deepEqual({ ...none[0] }, { good: null, bad: null })

  const together = await Promise.all([1, 2, 3].map(() => migrate(driver, [...shipped, good])))
  assert.deepEqual(together.flat(), ['9001_good.sql'])
  const { rows: once } = await store.db.execute(sql`SELECT a FROM good`)
  assert.deepEqual(
    once.map((row: { a: string }) => row.a),
    ['x;y'],
  )

  await assert.rejects(
    migrate(driver, [...shipped, { ...good, digest: 'edited' }]),
    refused('MIGRATION_FAILED', /9001_good.sql was changed/),
  )
  await assert.rejects(migrate(driver, shipped), refused('MIGRATION_FAILED', /newer version of Archmeter \(it has 9001_good.sql\)/))

  for (const table of [schema.architectures, schema.runs, schema.runEvents, schema.runSamples]) {
    const { name, columns } = getTableConfig(table)
    const { rows } = await store.db.execute(sql`
      SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS required
      FROM pg_attribute WHERE attrelid = ${name}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname`)
    assert.deepEqual(
      rows.map((row: object) => ({ ...row })),
      columns
        .map((column) => ({
          name: column.name,
          type: column.getSQLType().replace('timestamp (3)', 'timestamp(3)'),
          required: column.notNull,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      name,
    )
  }
})

test('closing twice is closing once, and frees the folder', { timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const store = await openStore(place.options)
  await Promise.all([store.close(), store.close()])
  await store.close()
  const again = await openStore(place.options)
  await again.ping()
  await again.close()
  if (storeKind === 'pglite') assert.ok(existsSync(join(place.options.dataDir, 'pglite')))
})

test('a server that is not there is named, and its password is not', { timeout: 30_000 }, async () => {
  const options = { dataDir: tmpdir(), log: quietLog }
  // Port 1 of this machine: nobody listens there.
  const databaseUrl = 'postgres://someone:hush@127.0.0.1:1/lab'
  await assert.rejects(openStore({ ...options, databaseUrl }), (error) => {
    refused('DATABASE_UNREACHABLE', /127\.0\.0\.1:1\/lab.*ECONNREFUSED.*DATABASE_URL/)(error)
    assert.doesNotMatch((error as Error).message, /hush/)
    return true
  })
  await assert.rejects(openStore({ ...options, databaseUrl: 'nonsense' }), refused('DATABASE_UNREACHABLE', /DATABASE_URL/))
})
