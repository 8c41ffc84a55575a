/** Files of the embedded database that are gone or spoilt: said, with what to do, and nothing is put in their place. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codedError } from '../../src/api/errors.ts'
import { sql } from '../../src/store/drizzle.ts'
import { openStore, StoreError, type StoreOptions } from '../../src/store/index.ts'
import { cleanup, readyPlace, someArchitecture, storeKind } from './helper.ts'

const skip = storeKind === 'postgres' && 'skipped: of the embedded store'

const refused = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, text)
  return true
}

test('a database that is not whole is not replaced by an empty one: the start is refused, and says how to restore', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const later = cleanup(t)
  const { options, remove } = await readyPlace()
  later(remove)
  const { dataDir } = options
  const store = await openStore(options)
  const { architecture } = await store.architectures.insert(someArchitecture())
  await store.close()

  // PGlite takes this for a folder without a database.
  const [version, aside] = [join(dataDir, 'pglite', 'PG_VERSION'), join(dataDir, 'aside')]
  renameSync(version, aside)
  const files = readdirSync(join(dataDir, 'pglite'), { recursive: true }).sort()
  await assert.rejects(openStore(options), refused('DATABASE_UNREACHABLE', /PG_VERSION is gone.*npm run restore/))
  assert.deepEqual(readdirSync(join(dataDir, 'pglite'), { recursive: true }).sort(), files)
  renameSync(aside, version)

  // A new database would name none of these files, and files that nothing names are removed.
  renameSync(join(dataDir, 'pglite'), aside)
  mkdirSync(join(dataDir, 'blobs'))
  writeFileSync(join(dataDir, 'blobs', 'f'.repeat(64)), 'weights')
  await assert.rejects(openStore(options), refused('DATABASE_UNREACHABLE', /files of networks.*is gone.*npm run restore/))
  assert.ok(existsSync(join(dataDir, 'blobs', 'f'.repeat(64))) && !existsSync(join(dataDir, 'pglite')))
  rmSync(join(dataDir, 'blobs'), { recursive: true })
  renameSync(aside, join(dataDir, 'pglite'))

  const again = await openStore(options)
  later(() => again.close())
  assert.equal((await again.architectures.get(architecture.id))?.name, architecture.name)
})

/** As far as it comes: the start reads some tables itself. */
async function readNetworks(options: StoreOptions): Promise<void> {
  const store = await openStore(options)
  try {
    await store.architectures.list({})
  } finally {
    await store.close()
  }
}

test('a table whose file is gone or spoilt: what reads it says so, and how to restore; so does a start that needs it', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const later = cleanup(t)
  const { options, remove } = await readyPlace()
  later(remove)
  const store = await openStore(options)
  await store.architectures.insert(someArchitecture())
  const { rows } = await store.db.execute(
    sql`SELECT pg_relation_filepath('architectures') AS read, pg_relation_filepath('archmeter_migrations') AS needed`,
  )
  await store.close()
  const [read, needed] = [rows[0].read, rows[0].needed].map((file) => join(options.dataDir, 'pglite', file)) as [string, string]
  const whole = readFileSync(read)
  const damages = [
    () =>
      writeFileSync(
        read,
        whole.map((_, i) => (i * 7919) & 0xff),
      ),
    () => rmSync(read),
  ]
  for (const damage of damages) {
    damage()
    const failure = await readNetworks(options).then(
      () => null,
      (error: unknown) => codedError(error),
    )
    assert.equal(failure?.code, 'DATABASE_DAMAGED')
    assert.match(failure.detail, /npm run restore/)
  }
  writeFileSync(read, whole)
  rmSync(needed)
  await assert.rejects(openStore(options), refused('DATABASE_DAMAGED', /could not open file.*npm run restore/))
})
