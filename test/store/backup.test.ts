/** A backup made while a store works, and restored elsewhere, holds what was there; what is not whole is refused. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pack } from 'tar-stream'
import { postgresMajor } from '../../src/store/drivers/pglite-options.ts'
import { openStore, restoreBackup, type Store, StoreError } from '../../src/store/index.ts'
import { shippedMigrations } from '../../src/store/migrate.ts'
import { cleanup, emptyPlace, quietLog, readyPlace, someArchitecture, someRun, storeKind } from './helper.ts'

const embedded = { skip: storeKind === 'postgres' && 'a server is backed up by pg_dump' }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const weights = randomBytes(300_000)

async function filled(t: TestContext) {
  const later = cleanup(t)
  const place = await readyPlace()
  later(place.remove)
  const store = await openStore(place.options)
  later(() => store.close())
  const path = await store.blobs.scratch.path()
  writeFileSync(path, weights)
  const { architecture } = await store.architectures.insert(someArchitecture(), {
    model: { path, digest: `sha256:${sha256(weights)}`, bytes: weights.length },
    data: [],
  })
  return { later, place, store, architecture, folder: (name: string) => join(place.options.dataDir, name) }
}

async function write(store: Store, file: string) {
  const backup = await store.backup()
  await pipeline(backup.stream(), createWriteStream(file))
  return backup
}

/** Every row of every table of ours, as text, so that what no module reads is compared as well. */
async function everything(store: Store): Promise<Record<string, unknown>> {
  const tables = ['architectures', 'architecture_data', 'runs', 'run_events', 'run_samples', 'run_requests', 'sweeps', 'blobs', 'api_keys']
  const rows: Record<string, unknown> = {}
  for (const table of tables)
    rows[table] = (await store.db.execute(`SELECT t::text AS row FROM ${table} t ORDER BY 1`)).rows.map((each: any) => each.row)
  return rows
}

const code = (wanted: string) => (error: unknown) => error instanceof StoreError && error.code === wanted

test('made while runs are queued and events written, a backup holds all that was acknowledged before, whole', embedded, async (t) => {
  const { later, store, architecture, folder } = await filled(t)
  const before: string[] = []
  const during: string[] = []
  for (let i = 0; i < 20; i++) before.push((await store.runs.insert(someRun(architecture.id))).run.id)
  await store.keys.insert({ name: 'ada', role: 'admin', prefix: 'amk_00000000', digest: 'd'.repeat(64), expiresAt: null })
  let over = false
  const writing = (async () => {
    while (!over) {
      during.push((await store.runs.insert(someRun(architecture.id))).run.id)
      // As many as a slow machine has time for would take it as long again to look at.
      await sleep(Math.min(20 + during.length ** 2, 2000))
    }
  })()
  const file = folder('backup.tar')
  const { manifest, bytes } = await write(store, file)
  over = true
  await writing
  assert.ok(during.length > 0, 'the store went on meanwhile')
  assert.equal(readFileSync(file).length, bytes, 'the length that is told beforehand')
  assert.equal(manifest.postgres, postgresMajor)
  assert.deepEqual(manifest.damaged, [])

  const elsewhere = await emptyPlace()
  later(elsewhere.remove)
  const restored = await restoreBackup(file, elsewhere.options.dataDir)
  assert.deepEqual(restored.toApply, [])
  const copy = await openStore(elsewhere.options)
  later(() => copy.close())
  const found = await copy.runs.getMany([...before, ...during])
  assert.equal(found.filter(({ id }) => before.includes(id)).length, before.length)
  // One moment: the first of those during it, without a gap, each with its event and its ticket.
  const inside = during.filter((id) => found.some((run) => run.id === id))
  assert.deepEqual(inside, during.slice(0, inside.length))
  assert.equal(manifest.rows.runs, before.length + inside.length)
  const { rows: events } = await copy.db.execute('SELECT type, count(*)::int AS count FROM run_events GROUP BY type')
  assert.deepEqual(events, [{ type: 'queued', count: found.length }])
  assert.equal(await copy.tickets.waiting(copy.db, found[0]!.deviceUuid), found.length)
  const held = await copy.blobs.hold(architecture.blob!)
  assert.equal(sha256(readFileSync(held.path)), sha256(weights))
  await held.release()
  assert.equal((await copy.keys.list())[0]!.name, 'ada')
  // What lay on disk for the archive goes with it: the file that was uploaded stays alone.
  const [own] = readdirSync(folder('scratch'))
  while (readdirSync(join(folder('scratch'), own!)).length > 1) await sleep(200)
})

test('every row of every table comes back, into an empty folder alone, and out of a whole archive alone', embedded, async (t) => {
  const { later, store, architecture, folder } = await filled(t)
  const run = (await store.runs.insert(someRun(architecture.id))).run
  assert.equal((await store.runs.claim(run.id, 'me', 60_000))?.id, run.id)
  await store.events.append(run.id, 'progress', { phase: 'timing' })
  await write(store, folder('backup.tar'))
  const expected = await everything(store)
  const elsewhere = await emptyPlace()
  later(elsewhere.remove)
  const { dataDir } = elsewhere.options

  // The folder of a service that runs, and one with anything in it.
  await assert.rejects(restoreBackup(folder('backup.tar'), folder('')), code('DATA_FOLDER_IN_USE'))
  writeFileSync(join(dataDir, 'mine'), 'kept')
  await assert.rejects(restoreBackup(folder('backup.tar'), dataDir), code('DATA_FOLDER_UNUSABLE'))
  assert.deepEqual(readdirSync(dataDir), ['mine'])
  rmSync(join(dataDir, 'mine'))

  const whole = readFileSync(folder('backup.tar'))
  const refused = async (bytes: Uint8Array, why: RegExp, into: string | null = null) => {
    writeFileSync(folder('bad.tar'), bytes)
    await assert.rejects(
      restoreBackup(folder('bad.tar'), into),
      (error) => code('BACKUP_UNUSABLE')(error) && why.test((error as Error).message),
    )
  }
  // The weights lie last, before their padding and two blocks of zeros.
  const flipped = Buffer.from(whole)
  flipped[whole.lastIndexOf(weights.subarray(0, 64)) + 1000]! ^= 1
  await refused(flipped, /digest/, dataDir)
  assert.deepEqual(readdirSync(dataDir), [])
  await refused(whole.subarray(0, whole.length / 2), /cut off|broken/)
  await refused(whole.subarray(0, whole.length - 1024 - 512 * Math.ceil(weights.length / 512) - 512), /missing|broken/)
  await refused(Buffer.alloc(2048), /empty|broken/)
  await refused(Buffer.from('not a tar archive'.repeat(100)), /broken|empty/)
  // As long as before, so that the archive itself stays in order.
  const replaced = (from: string, to: string) => Buffer.from(whole.toString('latin1').replace(from, to), 'latin1')
  await refused(replaced(`"postgres":"${postgresMajor}"`, '"postgres":"17"'), /PostgreSQL 17/)
  await refused(replaced('"version":1', '"version":2'), /format 2/)
  const last = (await shippedMigrations()).at(-1)!.name
  await refused(replaced(`"name":"${last}"`, `"name":"9${last.slice(1)}"`), /newer version/)
  await refused(replaced('"name":"pglite/PG_VERSION"', '"name":"pglite/../VERSION"'), /name/)
  // A manifest that names no database, or files outside its folders: what was there would be lost without a word.
  const { manifest: good } = await restoreBackup(folder('backup.tar'), null)
  const naming = async (changes: Partial<typeof good>) => {
    const archive = pack()
    archive.entry({ name: 'manifest.json' }, JSON.stringify({ ...good, ...changes }))
    archive.finalize()
    return buffer(archive)
  }
  await refused(await naming({ files: [] }), /no database/, dataDir)
  await refused(await naming({ folders: ['pglite'], files: [] }), /no folder blobs/, dataDir)
  await refused(await naming({ folders: ['blobs'], files: [] }), /no folder pglite/, dataDir)
  await refused(await naming({ folders: ['blobs', 'pglite'] }), /the folder of pglite\/\S+ is not among/, dataDir)
  assert.deepEqual(readdirSync(dataDir), [])
  rmSync(folder('bad.tar'))
  await assert.rejects(restoreBackup(folder('bad.tar'), null), code('BACKUP_UNUSABLE'))

  await restoreBackup(folder('backup.tar'), dataDir)
  const copy = await openStore(elsewhere.options)
  later(() => copy.close())
  assert.deepEqual(await everything(copy), expected)
  assert.ok((expected.run_events as string[]).length >= 3)

  // A file that is damaged on disk is named, and the rest is backed up.
  writeFileSync(join(folder('blobs'), sha256(weights)), 'damaged')
  const { manifest } = await write(store, folder('backup.tar'))
  assert.deepEqual(manifest.damaged, [sha256(weights)])
  assert.equal((await restoreBackup(folder('backup.tar'), null)).manifest.rows.architectures, 1)
})

test('a restore that was cut off is not taken for an empty folder', embedded, async (t) => {
  const later = cleanup(t)
  const place = await emptyPlace()
  later(place.remove)
  mkdirSync(join(place.options.dataDir, 'restoring'))
  await assert.rejects(
    openStore(place.options),
    (error) => code('DATABASE_UNREACHABLE')(error) && /interrupted/.test((error as Error).message),
  )
})

test('on a server the refusal says which command makes one', {
  skip: storeKind === 'pglite' && 'the embedded store makes its own',
}, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(place.remove)
  const store = await openStore({ ...place.options, log: quietLog })
  later(() => store.close())
  await assert.rejects(
    store.backup(),
    (error) => code('BACKUP_BY_PG_DUMP')(error) && /pg_dump --format=custom/.test((error as Error).message),
  )
})
