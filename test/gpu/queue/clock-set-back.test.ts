/** The database's clock is set back by an hour: for what was written before, that is to lie an hour ahead. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { RunQueue } from '../../../src/gpu/queue/index.ts'
import { bossClock, bossOptions } from '../../../src/store/database.ts'
import { openTestStore, quietLog, someArchitecture, someRun, type TestStore } from '../../store/helper.ts'
import { deviceNamed, ended, ScriptedWorker, scriptedRun } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

test('acknowledged runs start, though their tickets lie ahead', { timeout: 60_000 }, async (t) => {
  const { store } = opened
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const waiting = []
  for (let i = 0; i < 3; i++) waiting.push((await store.runs.insert(scriptedRun(architectureId, device, {}))).run)
  await store.db.execute(sql`
    UPDATE pgboss.job SET start_after = start_after + interval '1 hour', created_on = created_on + interval '1 hour'
    WHERE name = ${store.tickets.queue(device.uuid)}`)
  await store.db.execute(sql`UPDATE runs SET queued_at = queued_at + interval '1 hour' WHERE device_uuid = ${device.uuid}`)
  const workers = new Map([[device.uuid, new ScriptedWorker(device)]])
  const queue = new RunQueue({ store, devices: [device], workers, log: quietLog })
  await queue.start()
  t.after(() => queue.stop())
  for (const { id } of waiting) assert.equal(await ended(store, id), 'succeeded')
})

test('a lease and a bulletin from before the clock was set back are not believed for that hour', async () => {
  const { runs, bulletins, db } = opened.store
  const deviceUuid = `CPU-${randomUUID()}`
  const { run } = await runs.insert(someRun(architectureId, { deviceUuid }))
  await runs.claim(run.id, 'gone', 10_000)
  await db.execute(sql`UPDATE runs SET lease_until = lease_until + interval '1 hour' WHERE id = ${run.id}::uuid`)
  assert.deepEqual(await runs.reclaim(), [])
  const lease = (await runs.get(run.id))!.leaseUntil!.getTime() - Date.now()
  assert.ok(lease < 15 * 60_000, `believed for ${lease} ms more`)

  await bulletins.post('gone', {})
  await db.execute(sql`UPDATE bulletins SET seen_at = seen_at + interval '1 hour' WHERE owner = 'gone'`)
  const [bulletin] = await bulletins.list()
  assert.ok(bulletin!.ageMs > 50 * 60_000, `${bulletin!.ageMs} ms old`)
  await bulletins.removeOlder(30 * 60_000)
  assert.deepEqual(await bulletins.list(), [])
})

test('pg-boss waits by a clock that nobody sets', (t) => {
  assert.equal(bossOptions.clock, bossClock)
  assert.ok(Math.abs(bossClock.now() - Date.now()) < 600_000, 'it begins as the time of day')
  const before = bossClock.now()
  t.mock.method(Date, 'now', () => 0)
  const after = bossClock.now()
  assert.ok(after >= before && after < before + 60_000, `${before} to ${after}`)
})
