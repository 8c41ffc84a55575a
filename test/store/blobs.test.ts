import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BlobFile, openStore, type Store, StoreError } from '../../src/store/index.ts'
import { cleanup, readyPlace, someArchitecture, storeKind } from './helper.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Three chunks and a bit. */
const content = randomBytes(3 * 2 ** 20 + 5)

async function fileOf(store: Store, bytes: Uint8Array): Promise<BlobFile> {
  const path = await store.blobs.scratch.path()
  writeFileSync(path, bytes)
  return { path, digest: `sha256:${sha256(bytes)}`, bytes: bytes.length }
}

/** A store in a place of its own; both go when the test ends. */
async function freshStore(t: TestContext) {
  const then = cleanup(t)
  const place = await readyPlace()
  then(place.remove)
  const store = await openStore(place.options)
  then(() => store.close())
  // Not by the name of `then`: what has one is a promise to `await`.
  return { atEnd: then, place, store }
}

test('a blob goes to another host, whole, and back to nothing with the last architecture that names it', async (t) => {
  const { atEnd, place, store } = await freshStore(t)
  const file = await fileOf(store, content)
  const { architecture } = await store.architectures.insert(someArchitecture({ name: 'a', digest: 'b1' }), { model: file, data: [] })
  const { architecture: twin } = await store.architectures.insert(someArchitecture({ name: 'b', digest: 'b1' }), { model: file, data: [] })
  assert.equal(architecture.blob, file.digest)
  let reader = store
  if (storeKind === 'postgres') {
    // Another host: the same server, a folder of its own.
    const elsewhere = await readyPlace()
    atEnd(elsewhere.remove)
    reader = await openStore({ ...place.options, dataDir: elsewhere.options.dataDir })
    atEnd(() => reader.close())
    const first = await reader.blobs.hold(file.digest)
    await first.release()
    assert.deepEqual(readdirSync(join(elsewhere.options.dataDir, 'blobs')), [sha256(content)])
    // From its own folder now, and from the server again where that was damaged.
    writeFileSync(join(elsewhere.options.dataDir, 'blobs', sha256(content)), 'damaged')
  }
  const held = await reader.blobs.hold(file.digest)
  assert.equal(sha256(readFileSync(held.path)), sha256(content))
  await store.architectures.markDeleted(architecture.id)
  await (await store.blobs.hold(file.digest)).release()
  await store.architectures.markDeleted(twin.id)
  await assert.rejects(store.blobs.hold(file.digest), (error) => error instanceof StoreError && error.code === 'WEIGHTS_MISSING')
  const { rows } = await store.db.execute('SELECT (SELECT count(*) FROM blobs)::int + (SELECT count(*) FROM blob_chunks)::int AS left')
  assert.deepEqual(rows, [{ left: 0 }])
  // What somebody reads stays for them.
  assert.equal(sha256(readFileSync(held.path)), sha256(content))
  await held.release()
  assert.equal(existsSync(held.path), false)
})

test('registering and deleting the same file at once never leaves an architecture without its file', async (t) => {
  const { store } = await freshStore(t)
  const bytes = content.subarray(0, 100_000)
  const rounds = Array.from({ length: 12 }, async (_, i) => {
    const file = await fileOf(store, bytes)
    const { architecture } = await store.architectures.insert(someArchitecture({ name: `n${i}`, digest: `c${i}` }), {
      model: file,
      data: [],
    })
    if (i % 4 > 0) await store.architectures.markDeleted(architecture.id)
  })
  await Promise.all(rounds)
  const held = await store.blobs.hold(`sha256:${sha256(bytes)}`)
  assert.equal(sha256(readFileSync(held.path)), sha256(bytes))
})

test('what is damaged on disk is noticed and not run', { skip: storeKind === 'postgres' && 'the server has it whole' }, async (t) => {
  const { place, store } = await freshStore(t)
  const file = await fileOf(store, content)
  await store.architectures.insert(someArchitecture(), { model: file, data: [] })
  const damaged = Buffer.from(content)
  damaged[1_000_000]! ^= 1
  writeFileSync(join(place.options.dataDir, 'blobs', sha256(content)), damaged)
  await assert.rejects(store.blobs.hold(file.digest), (error) => error instanceof StoreError && error.code === 'WEIGHTS_MISSING')
})

test('what is left over and cannot be removed fails neither the deletion nor the next start', async (t) => {
  const then = cleanup(t)
  const place = await readyPlace()
  then(place.remove)
  const warnings: string[] = []
  const options = {
    ...place.options,
    log: { ...place.options.log, warn: (_object: object, message: string) => void warnings.push(message) },
  }
  const store = await openStore(options)
  const file = await fileOf(store, content)
  const { architecture } = await store.architectures.insert(someArchitecture(), { model: file, data: [] })
  const held = await store.blobs.hold(file.digest)
  // A file is asked to go, and a folder stands there.
  for (const name of [join(place.options.dataDir, 'blobs', sha256(content)), held.path]) {
    rmSync(name)
    mkdirSync(name)
  }
  assert.ok((await store.architectures.markDeleted(architecture.id))?.architecture.deletedAt)
  assert.equal(await store.architectures.markDeleted(architecture.id), null)
  await held.release()
  await store.close()
  assert.deepEqual(warnings, [
    'a blob that no architecture names could not be removed; the next start tries again',
    'a file that is not needed any more could not be removed; the next start tries again',
  ])
  const again = await openStore(options)
  await again.ping()
  await again.close()
  assert.equal(warnings.length, 3)
})

test('what a killed process left is removed at the next start', async (t) => {
  const then = cleanup(t)
  const place = await readyPlace()
  then(place.remove)
  const kept = await openStore(place.options)
  await kept.architectures.insert(someArchitecture(), { model: await fileOf(kept, content), data: [] })
  await kept.close()
  // An upload under way, and a file that had become a blob when the row that names it was not there yet.
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { openStore } from ${JSON.stringify(new URL('../../src/store/index.ts', import.meta.url).href)}
     import { writeFileSync, linkSync } from 'node:fs'
     const log = { debug() {}, info() {}, warn() {}, error() {} }
     const store = await openStore({ ...${JSON.stringify({ ...place.options, log: undefined })}, log })
     const path = await store.blobs.scratch.path()
     writeFileSync(path, 'half of a file')
     linkSync(path, ${JSON.stringify(join(place.options.dataDir, 'blobs', '0'.repeat(64)))})
     process.stdout.write('ready')`,
  ])
  child.stderr.pipe(process.stderr)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  const scratch = join(place.options.dataDir, 'scratch')
  assert.equal(readdirSync(scratch).length, 1)
  // On a server others may share the folder: of theirs nothing is touched.
  const foreign = join(scratch, `${hostname()},${process.ppid},other`)
  if (storeKind === 'postgres') writeFileSync(foreign, 'of a process that lives')
  const store = await openStore(place.options)
  then(() => store.close())
  assert.deepEqual(readdirSync(scratch), storeKind === 'postgres' ? [`${hostname()},${process.ppid},other`] : [])
  assert.deepEqual(readdirSync(join(place.options.dataDir, 'blobs')), [sha256(content)])
})
