import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore, type RunEvent } from '../../src/store/index.ts'
import { openTestStore, someArchitecture, someRun, storeKind, type TestStore, watchStatements } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

async function runningRun() {
  const deviceUuid = `cpu-${randomUUID()}`
  const { run } = await opened.store.runs.insert(someRun(architectureId, { deviceUuid }))
  await opened.store.runs.claim(run.id, 'me', 60_000)
  return { id: run.id, owner: 'me', attempt: 1 }
}

async function collect(runId: string, afterSeq = 0, onEvent: (event: RunEvent) => Promise<void> | void = () => {}): Promise<number[]> {
  const seen: number[] = []
  for await (const event of opened.store.events.follow(runId, afterSeq)) {
    seen.push(event.seq)
    await onEvent(event)
  }
  return seen
}

test('followers who come at any time hear every event once, in order, and the last one ends them', { timeout: 30_000 }, async () => {
  const { events, runs } = opened.store
  const held = await runningRun()
  const total = 50
  const followers: Promise<number[]>[] = [collect(held.id)]
  // A slow one, and one that resumes from where it was cut off.
  followers.push(collect(held.id, 0, () => sleep(2)))
  followers.push(collect(held.id, 10))
  for (let i = 0; i < total; i++) {
    // Concurrent writers too: their numbers must still arrive in order.
    await Promise.all([events.append(held.id, 'progress', { i }), events.append(held.id, 'phase', { i })])
    if (i % 10 === 0) followers.push(collect(held.id))
  }
  await runs.finish(held, { status: 'succeeded', result: {} })
  followers.push(collect(held.id), collect(held.id, 10))
  const last = 2 + 2 * total + 1
  for (const [i, seen] of (await Promise.all(followers)).entries()) {
    const first = seen[0]!
    assert.ok(first === 1 || first === 11, `follower ${i} starts at ${first}`)
    assert.deepEqual(
      seen,
      Array.from({ length: last - first + 1 }, (_, k) => first + k),
      `follower ${i}`,
    )
  }
})

test('one event is read once, however many follow the run, and reaches them all', { timeout: 30_000 }, async (t) => {
  const { events, runs } = opened.store
  const held = await runningRun()
  const heard: number[] = []
  const many = 300
  const followers = Array.from({ length: many }, async () => {
    for await (const { seq } of events.follow(held.id)) heard.push(seq)
  })
  while (heard.length < 2 * many) await sleep(5)
  // Those that read the first events look once more whether there are others.
  await sleep(50)
  const statements = watchStatements(opened.store)
  await events.append(held.id, 'progress', { i: 1 })
  while (heard.length < 3 * many) await sleep(5)
  await sleep(50)
  statements.stop()
  t.diagnostic(`${statements.texts.length} statements, ${statements.rows} rows for ${many} followers`)
  // The event is written and read, and perhaps it is asked once whether another followed, of two tables.
  assert.ok(statements.texts.length <= 4, statements.texts.join('\n'))
  assert.ok(statements.rows <= 4, `${statements.rows} rows`)
  await runs.finish(held, { status: 'succeeded', result: {} })
  await Promise.all(followers)
  assert.equal(heard.length, 4 * many)
})

test('who asks what is to come before following shares one read with the others', { timeout: 30_000 }, async () => {
  const { events, runs } = opened.store
  const held = await runningRun()
  const statements = watchStatements(opened.store)
  const outlooks = await Promise.all(Array.from({ length: 200 }, () => events.outlook(held.id, 0)))
  statements.stop()
  assert.ok(outlooks.every((outlook) => outlook === 'open'))
  assert.equal(statements.texts.length, 1, statements.texts.join('\n'))
  // The events so far are 1 and 2; the end is 3.
  assert.equal(await events.outlook(held.id, 2), 'open')
  await runs.finish(held, { status: 'succeeded', result: {} })
  assert.equal(await events.outlook(held.id, 2), 'open')
  assert.equal(await events.outlook(held.id, 3), 'over')
  assert.equal(await events.outlook(randomUUID(), 0), 'missing')
  assert.equal(await events.outlook('no id', 0), 'missing')
})

test('following ends at once where nothing can come: no such run, past the end, aborted', { timeout: 10_000 }, async () => {
  const { events, runs } = opened.store
  assert.deepEqual(await collect(randomUUID()), [])
  assert.deepEqual(await collect('no id'), [])
  const held = await runningRun()
  const controller = new AbortController()
  const seen: string[] = []
  const waiting = (async () => {
    for await (const event of events.follow(held.id, 0, controller.signal)) seen.push(event.type)
  })()
  while (seen.length < 2) await sleep(5)
  controller.abort()
  await waiting
  await runs.finish(held, { status: 'failed', error: { code: 'X', message: 'x' } })
  assert.deepEqual(await collect(held.id, 3), [])
  assert.deepEqual(await collect(held.id, 99), [])
  assert.deepEqual(seen, ['queued', 'started'])
})

test('events reach a follower in another service', {
  timeout: 20_000,
  skip: storeKind === 'pglite' && 'skipped: the embedded store has one process',
}, async () => {
  const other = await openStore(opened.options)
  try {
    const held = await runningRun()
    const seen: string[] = []
    const done = (async () => {
      for await (const event of other.events.follow(held.id)) seen.push(event.type)
    })()
    while (seen.length < 2) await sleep(5)
    // The listening connection is lost, and an event comes meanwhile: the follower catches up.
    const { sql } = await import('drizzle-orm')
    await opened.store.db.execute(
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'archmeter-listen' AND datname = current_database()`,
    )
    await opened.store.events.append(held.id, 'progress', { lost: true })
    await opened.store.runs.finish(held, { status: 'succeeded', result: {} })
    await done
    assert.deepEqual(seen, ['queued', 'started', 'progress', 'succeeded'])
  } finally {
    await other.close()
  }
})
