/** The embedded database ends by itself, as it does where its disk is full or its memory is at an end: it is opened again. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { codedError } from '../../src/api/errors.ts'
import { RunQueue } from '../../src/gpu/queue/index.ts'
import { sql } from '../../src/store/drizzle.ts'
import { openStore } from '../../src/store/index.ts'
import { deviceNamed, ended, ScriptedWorker, scriptedRun } from '../gpu/queue/helper.ts'
import { cleanup, quietLog, readyPlace, someArchitecture, storeKind } from './helper.ts'

const skip = storeKind === 'postgres' && 'skipped: of the embedded store'

/** Threads that were told something, the latest last. */
const threads = new Set<Worker>()
const { postMessage } = Worker.prototype
Worker.prototype.postMessage = function (...message: Parameters<typeof postMessage>) {
  threads.delete(this)
  threads.add(this)
  return postMessage.apply(this, message)
}
after(() => Object.assign(Worker.prototype, { postMessage }))

/** Ends the thread of the database that was told something last. */
const end = (): Promise<number> => [...threads].at(-1)!.terminate()

async function openRecorded() {
  const place = await readyPlace()
  const lines: string[] = []
  const line = (_object: object, message: string) => void lines.push(message)
  const store = await openStore({ ...place.options, log: { ...quietLog, info: line, warn: line, error: line } })
  return { store, lines, place }
}

test('what was under way fails as unreachable, and everything goes on when it is open again', { skip, timeout: 120_000 }, async (t) => {
  const later = cleanup(t)
  const { store, lines, place } = await openRecorded()
  later(() => place.remove())
  later(() => store.close())
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const queue = new RunQueue({ store, devices: [device], workers: new Map([[device.uuid, new ScriptedWorker(device)]]), log: quietLog })
  await queue.start()
  later(() => queue.stop())
  const architectureId = (await store.architectures.insert(someArchitecture())).architecture.id
  const { run: before } = await queue.enqueue(scriptedRun(architectureId, device, {}))
  assert.equal(await ended(store, before.id), 'succeeded')

  let began = false
  const transaction = store.db.transaction(async (tx) => {
    await tx.execute(sql`UPDATE runs SET labels = '{"half":"done"}' WHERE id = ${before.id}::uuid`)
    began = true
    void end()
    await tx.execute(sql`UPDATE runs SET labels = '{"half":"done"}' WHERE id = ${before.id}::uuid`)
  })
  const [lost, beside] = await Promise.allSettled([transaction, store.runs.get(before.id)])
  assert.ok(began)
  for (const each of [lost, beside]) {
    assert.equal(each.status, 'rejected')
    const { code, status, detail } = codedError((each as PromiseRejectedResult).reason)
    assert.deepEqual([code, status], ['DATABASE_UNREACHABLE', 503])
    assert.match(detail, /ended and is being opened again/)
  }
  await assert.rejects(store.ping(), /ended and is being opened again/)
  for (const until = performance.now() + 60_000; !lines.includes('the embedded database is open again'); await sleep(20))
    assert.ok(performance.now() < until, lines.join('\n'))
  await store.ping()
  assert.deepEqual((await store.runs.get(before.id))!.labels, {}, 'what was begun is not half done')
  const { run: next } = await queue.enqueue(scriptedRun(architectureId, device, {}))
  assert.equal(await ended(store, next.id), 'succeeded')
  assert.deepEqual(
    lines.filter((line) => line.includes('embedded database')),
    ['the embedded database has ended; it is being opened again', 'the embedded database is open again'],
  )
})

/** An ErrorResponse of PostgreSQL's protocol (manual, 55.7 and 55.8). */
function errorResponse(severity: string, code: string, message: string): Uint8Array {
  const fields = Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${message}\0\0`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(fields.length + 4)
  return new Uint8Array(Buffer.concat([Buffer.from('E'), length, fields]))
}

// As seen on an ext4 that became read-only by an error: after its PANIC the thread lives on and answers nothing.
test('a database that panics and then is silent is opened again, and says why it ended', { skip, timeout: 120_000 }, async (t) => {
  const later = cleanup(t)
  const { store, lines, place } = await openRecorded()
  later(() => place.remove())
  later(() => store.close())
  await store.ping()
  const thread = [...threads].at(-1)!
  const post = thread.postMessage
  t.after(() => Object.assign(thread, { postMessage: post }))
  let answered = false
  Object.assign(thread, {
    postMessage: () => {
      if (!answered) thread.emit('message', errorResponse('PANIC', '42501', 'could not write to log file "1": Read-only file system'))
      answered = true
    },
  })
  for (let i = 0; i < 2; i++)
    await assert.rejects(store.runs.get(randomUUID()), (error) => {
      const { code, status, detail } = codedError(error)
      assert.deepEqual([code, status], ['DATA_FOLDER_READ_ONLY', 503])
      assert.match(detail, /EROFS.*mount it writable/)
      return true
    })
  for (const until = performance.now() + 60_000; !lines.includes('the embedded database is open again'); await sleep(20))
    assert.ok(performance.now() < until, lines.join('\n'))
  await store.ping()
})

test('a stop while it is being opened again ends', { skip, timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const { store, place } = await openRecorded()
  later(() => place.remove())
  later(() => store.close())
  await store.ping()
  await end()
  await assert.rejects(store.ping(), /ended and is being opened again/)
  await store.close()
})
