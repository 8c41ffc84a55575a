import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from '../../src/store/drizzle.ts'
import { openStore } from '../../src/store/index.ts'
import { openTestStore, someArchitecture, someRun, storeKind, type TestStore, watchStatements } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

/** The device's queue as PostgreSQL itself orders it. */
async function ordered(deviceUuid: string): Promise<string[]> {
  const { rows } = await opened.store.db.execute(
    sql`SELECT id FROM runs WHERE device_uuid = ${deviceUuid} AND status = 'queued' ORDER BY priority DESC, queued_at, id`,
  )
  return (rows as { id: string }[]).map(({ id }) => id)
}

async function kept(deviceUuid: string, store = opened.store): Promise<string[]> {
  const { lines, find } = await store.waiting.read()
  const line = lines.get(deviceUuid)
  for (const [i, run] of (line?.runs ?? []).entries()) {
    assert.equal(line!.indexOf(run), i)
    assert.equal(find(run.id)?.run, run)
  }
  return line?.runs.map(({ id }) => id) ?? []
}

/** A linear congruential generator (Numerical Recipes, 2nd ed., 7.1), so that a failure comes again. */
const lottery = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

test('queues are kept as the database orders them, through every change of state', { timeout: 60_000 }, async () => {
  const { runs, notifications } = opened.store
  const devices = [`cpu-${randomUUID()}`, `cpu-${randomUUID()}`]
  const draw = lottery(7)
  for (let step = 0; step < 120; step++) {
    const deviceUuid = devices[draw(2)]!
    const waiting = await ordered(deviceUuid)
    switch (draw(6)) {
      case 0:
        if (waiting.length > 0) await runs.requestCancel(waiting[draw(waiting.length)]!)
        break
      case 1: {
        const run = await runs.claimNext(deviceUuid, 'me', 60_000)
        if (run && draw(2) === 0) await runs.giveBack({ id: run.id, owner: 'me', attempt: run.attempt }, 'shutdown', 'stop')
        else if (run) await runs.finish({ id: run.id, owner: 'me', attempt: run.attempt }, { status: 'succeeded', result: {} })
        break
      }
      case 2:
        if (step % 20 === 0) notifications.receiveGap()
        break
      default:
        await runs.insert(someRun(architectureId, { deviceUuid, priority: draw(3) - 1, timeoutMs: 60_000 + draw(2) }))
    }
    for (const device of devices) assert.deepEqual(await kept(device), await ordered(device), `step ${step}`)
  }
  const { find } = await opened.store.waiting.read()
  for (const id of await ordered(devices[0]!)) {
    const { timeoutMs, workload, settings, runtime } = (await runs.get(id))!
    const known = find(id)!.run.workload
    assert.deepEqual(
      { timeoutMs: known.timeoutMs, workload: known.workload, settings: known.settings, runtime: known.runtime },
      { timeoutMs, workload, settings, runtime },
    )
  }
})

test('what has not changed is not read again, and what has is read alone', { timeout: 30_000 }, async () => {
  const { runs, waiting } = opened.store
  const deviceUuid = `cpu-${randomUUID()}`
  for (let i = 0; i < 20; i++) await runs.insert(someRun(architectureId, { deviceUuid }))
  await waiting.read()
  const idle = watchStatements(opened.store)
  for (let i = 0; i < 10; i++) await waiting.read()
  idle.stop()
  assert.deepEqual(idle.texts, [])
  const { run } = await runs.insert(someRun(architectureId, { deviceUuid }))
  const changed = watchStatements(opened.store)
  // Two who come at once share it.
  await Promise.all([waiting.read(), waiting.read()])
  changed.stop()
  assert.equal(changed.texts.length, 1)
  assert.equal(changed.rows, 1)
  assert.equal((await kept(deviceUuid)).at(-1), run.id)
})

test('runs that are alike are read as one row, each at its own moment', { timeout: 30_000 }, async () => {
  const { runs, waiting, notifications } = opened.store
  const deviceUuid = `cpu-${randomUUID()}`
  for (let i = 0; i < 20; i++) await runs.insert(someRun(architectureId, { deviceUuid }))
  // A microsecond apart, the last first: neither a millisecond nor the order of the ids tells them apart.
  const { rows } = await opened.store.db.execute(sql`
    UPDATE runs SET queued_at = '2026-01-01T00:00:00Z'::timestamptz - n.i * interval '1 microsecond'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS i FROM runs WHERE device_uuid = ${deviceUuid}) n
    WHERE runs.id = n.id RETURNING runs.id`)
  assert.equal(rows.length, 20)
  notifications.receiveGap()
  const groups = await opened.store.db.execute(
    sql`SELECT DISTINCT device_uuid, priority, workload, timeout_ms FROM runs WHERE status = 'queued'`,
  )
  const watched = watchStatements(opened.store)
  await waiting.read()
  watched.stop()
  // A row a group, and one more for what its runs have in common.
  assert.ok(watched.rows <= 2 * groups.rows.length, `${watched.rows} rows for ${groups.rows.length} groups`)
  assert.deepEqual(await kept(deviceUuid), await ordered(deviceUuid))
})

test('a failed reading is made good by the next', { timeout: 30_000 }, async (t) => {
  const { runs, waiting } = opened.store
  const deviceUuid = `cpu-${randomUUID()}`
  await waiting.read()
  const { run } = await runs.insert(someRun(architectureId, { deviceUuid }))
  const pool = (opened.store.db as unknown as { $client: { query: unknown } }).$client
  t.mock.method(pool as { query: () => Promise<never> }, 'query', () => Promise.reject(new Error('lost')))
  await assert.rejects(waiting.read())
  t.mock.restoreAll()
  assert.deepEqual(await kept(deviceUuid), [run.id])
})

test('a service counts in what others on its server have committed, also after its listening was cut off', {
  timeout: 30_000,
  skip: storeKind === 'pglite' && 'skipped: the embedded store has one process',
}, async () => {
  const other = await openStore(opened.options)
  try {
    const deviceUuid = `cpu-${randomUUID()}`
    assert.deepEqual(await kept(deviceUuid, other), [])
    for (let i = 0; i < 20; i++) {
      const { run } = await opened.store.runs.insert(someRun(architectureId, { deviceUuid }))
      assert.equal((await kept(deviceUuid, other)).at(-1), run.id)
    }
    await opened.store.db.execute(
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'archmeter-listen' AND datname = current_database()`,
    )
    const { run } = await opened.store.runs.insert(someRun(architectureId, { deviceUuid }))
    assert.equal((await kept(deviceUuid, other)).at(-1), run.id)
  } finally {
    await other.close()
  }
})
