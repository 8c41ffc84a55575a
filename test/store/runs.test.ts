import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { MAX_OWNERS_LOST, type Run, StoreError } from '../../src/store/index.ts'
import { openTestStore, someArchitecture, someRun, type TestStore } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

const refused = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code
const types = async (id: string) => (await opened.store.events.list(id)).map((event) => event.type)
/** A device of its own for a test. */
const fresh = () => ({ deviceUuid: `cpu-${randomUUID()}` })
const claimOf = ({ id, owner, attempt }: Run) => ({ id, owner: owner!, attempt })
const insert = async (over: Parameters<typeof someRun>[1]) => (await opened.store.runs.insert(someRun(architectureId, over))).run

test('an idempotency key gives one run for one request, and refuses another request', async () => {
  const { runs } = opened.store
  const run = someRun(architectureId, fresh())
  const key = { idempotencyKey: 'k1', requestHash: 'h1' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => runs.insert(run, key)))
  assert.equal(new Set(answers.map((answer) => answer.run.id)).size, 1)
  assert.equal(answers.filter((answer) => answer.created).length, 1)
  assert.deepEqual(await types(answers[0]!.run.id), ['queued'])
  assert.equal(await opened.store.tickets.waiting(opened.store.db, run.deviceUuid), 1)
  await assert.rejects(runs.insert(run, { idempotencyKey: 'k1', requestHash: 'h2' }), refused('IDEMPOTENCY_CONFLICT'))
  assert.notEqual((await runs.insert(run)).run.id, (await runs.insert(run)).run.id)
})

test('a run reads back as it was sent', async () => {
  const sent = someRun(architectureId, {
    ...fresh(),
    resolution: [224, 320],
    labels: { team: 'a=b', ключ: '' },
    profile: true,
    priority: -3,
  })
  const { run } = await opened.store.runs.insert(sent)
  const read = await opened.store.runs.get(run.id)
  assert.deepEqual(read, run)
  for (const [key, value] of Object.entries(sent)) assert.deepEqual(read![key as keyof Run], value, key)
})

test('samples keep every bit of every double', async () => {
  const { runs } = opened.store
  const run = await insert(fresh())
  const held = claimOf((await runs.claim(run.id, 'me', 60_000))!)
  const samples = Float64Array.from({ length: 200_000 }, (_, i) => (i === 0 ? 5e-324 : i === 1 ? Number.MAX_VALUE : Math.sqrt(i) / 3))
  await runs.finish(held, { status: 'succeeded', result: {}, samples })
  const stored = (await runs.samples(run.id))!
  assert.equal(stored.count, samples.length)
  assert.deepEqual(await stored.read(0, samples.length), samples)
  for (const [offset, count] of [
    [0, 2],
    [199_999, 10],
    [65_535, 3],
    [200_000, 5],
  ] as const)
    assert.deepEqual(await stored.read(offset, count), samples.slice(offset, offset + count))
  assert.equal(await runs.samples(randomUUID()), null)
})

test('who lost its claim changes nothing: not the state, not the samples, not the events', async () => {
  const { runs, events } = opened.store
  const device = fresh()
  const run = await insert(device)
  const first = claimOf((await runs.claim(run.id, 'first', 1))!)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(
    (await runs.reclaim()).map(({ id, status, attempt }) => ({ id, status, attempt })),
    [{ id: run.id, status: 'queued', attempt: 1 }],
  )
  const second = claimOf((await runs.claimNext(device.deviceUuid, 'second', 60_000))!)
  assert.equal(await runs.finish(first, { status: 'succeeded', result: { wrong: true }, samples: new Float64Array([1]) }), null)
  assert.equal(await runs.giveBack(first, 'shutdown', 'late'), null)
  assert.equal(await events.append(run.id, 'progress', {}, 'first'), null)
  assert.equal((await runs.finish(second, { status: 'succeeded', result: { right: true } }))?.status, 'succeeded')
  assert.equal(await runs.finish(second, { status: 'failed', error: { code: 'X', message: 'x' } }), null)
  assert.equal(await events.append(run.id, 'progress', {}), null)
  const read = (await runs.get(run.id))!
  assert.deepEqual(read.result, { right: true })
  assert.deepEqual([read.owner, read.leaseUntil, await runs.samples(run.id)], [null, null, null])
  assert.deepEqual(await types(run.id), ['queued', 'started', 'requeued', 'started', 'succeeded'])
})

test('every start counts; a run fails after so many owners that vanished, however often it was given back', async () => {
  const { runs } = opened.store
  const device = fresh()
  const run = await insert(device)
  for (let round = 1; round <= 5; round++) {
    const claimed = (await runs.claimNext(device.deviceUuid, 'gone', 60_000))!
    assert.equal(claimed.attempt, round)
    assert.equal((await runs.giveBack(claimOf(claimed), 'shutdown', 'shut down'))?.attempt, round)
  }
  for (let lost = 1; lost <= MAX_OWNERS_LOST; lost++) {
    assert.equal((await runs.claimNext(device.deviceUuid, 'gone', 60_000))?.attempt, 5 + lost)
    await runs.reclaim((owner) => owner === 'gone')
  }
  const read = (await runs.get(run.id))!
  assert.deepEqual([read.status, read.error?.code], ['failed', 'OWNER_LOST'])
})

test('an execution that was given back cannot end the next one of the same owner', async () => {
  const { runs } = opened.store
  const device = fresh()
  await insert(device)
  const first = claimOf((await runs.claimNext(device.deviceUuid, 'me', 60_000))!)
  await runs.giveBack(first, 'deviceGone', 'away')
  await runs.claimNext(device.deviceUuid, 'me', 60_000)
  assert.equal(await runs.finish(first, { status: 'succeeded', result: { of: 'the first' } }), null)
})

test('a wait is counted from when the run began to wait, not from before an earlier execution', async () => {
  const { runs, db, events } = opened.store
  const device = fresh()
  const run = await insert(device)
  const hours = (n: number) => sql`now() - ${n} * interval '1 hour'`
  await db.execute(sql`UPDATE runs SET queued_at = ${hours(3)}, waiting_since = ${hours(3)} WHERE id = ${run.id}`)
  const first = (await runs.claimNext(device.deviceUuid, 'me', 60_000))!
  assert.ok(first.startedAt!.getTime() - first.waitingSince.getTime() >= 3 * 3_600_000)
  await runs.giveBack(claimOf(first), 'shutdown', 'shut down')
  const second = (await runs.claimNext(device.deviceUuid, 'me', 60_000))!
  assert.ok(second.startedAt!.getTime() - second.waitingSince.getTime() < 60_000)
  assert.ok(second.startedAt!.getTime() - second.queuedAt.getTime() >= 3 * 3_600_000, 'its place stays')
  const waits = (await events.list(run.id)).filter(({ type }) => type === 'started').map(({ data }) => data.waitMs as number)
  assert.ok(waits[0]! >= 3 * 3_600_000 && waits[1]! < 60_000, `${waits}`)
})

test('cancelling: a waiting run at once and with its ticket, a running one by its owner, an ended one not', async () => {
  const { runs, notifications, tickets, db } = opened.store
  const device = fresh()
  const [a, b] = [await insert(device), await insert(device)]
  assert.equal((await runs.requestCancel(b.id))?.effect, 'cancelled')
  assert.equal(await tickets.waiting(db, device.deviceUuid), 1)
  const claimed = (await runs.claimNext(device.deviceUuid, 'me', 60_000))!
  const heard = new Promise((resolve) => notifications.onCancel(resolve))
  const asked = await runs.requestCancel(a.id)
  assert.equal(asked?.effect, 'requested')
  assert.equal(await heard, a.id)
  const [renewed] = await runs.renew('me', [a.id], 60_000).then((held) => held.filter(({ id }) => id === a.id))
  assert.deepEqual(renewed?.cancelRequestedAt, asked?.run.cancelRequestedAt)
  // The owner is shut down, or dies, before it obeys: the wish is kept.
  assert.equal((await runs.giveBack(claimOf(claimed), 'shutdown', 'shut down'))?.status, 'cancelled')
  assert.equal((await runs.requestCancel(a.id))?.effect, 'finished')
  const c = await insert(device)
  await runs.claim(c.id, 'dies', 60_000)
  await runs.requestCancel(c.id)
  assert.deepEqual(
    (await runs.reclaim((owner) => owner === 'dies')).map((run) => run.status),
    ['cancelled'],
  )
  for (const id of [randomUUID(), 'no id']) assert.equal(await runs.requestCancel(id), null)
})

test('the queue goes by priority, then by age; positions and counts agree with the order of claims', async () => {
  const { runs } = opened.store
  const device = fresh()
  const inserted: Run[] = []
  for (const priority of [0, 5, -1, 5, 0, 2]) inserted.push(await insert({ ...device, priority }))
  const expected = [1, 3, 5, 0, 4, 2].map((i) => inserted[i]!.id)
  const queue = await runs.runningAndWaiting(device.deviceUuid, 4)
  assert.deepEqual(
    queue.waiting.map(({ id }) => id),
    expected.slice(0, 4),
  )
  assert.equal(queue.waitingCount, 6)
  const { lines } = await opened.store.waiting.read()
  assert.deepEqual(
    lines.get(device.deviceUuid)?.runs.map(({ id }) => id),
    expected,
  )
  const claimed: string[] = []
  for (;;) {
    const run = await runs.claimNext(device.deviceUuid, 'me', 60_000)
    if (!run) break
    claimed.push(run.id)
    assert.equal(await runs.claimNext(device.deviceUuid, 'other', 60_000), null, 'a device runs one at a time')
    assert.equal((await runs.runningAndWaiting(device.deviceUuid)).running?.id, run.id)
    // What is given back keeps its place.
    if (claimed.length === 2) {
      await runs.giveBack(claimOf(run), 'shutdown', 'shut down')
      assert.equal(claimed.pop(), (await runs.claimNext(device.deviceUuid, 'me', 60_000))?.id)
      claimed.push(run.id)
    }
    await runs.finish(claimOf((await runs.get(run.id))!), { status: 'succeeded', result: {} })
  }
  assert.deepEqual(claimed, expected)
})

test('filters', async () => {
  const device = { device: 'cuda:7', deviceUuid: 'GPU-filter', host: 'farm' }
  const run = await insert({ ...device, runtime: 'tfjs', labels: { team: 'vision', 'odd=key': 'x', quote: `a"b'c` } })
  const found = async (filter: Parameters<typeof opened.store.runs.list>[0]) =>
    (await opened.store.runs.list({ ...filter, limit: 500 })).items.some(({ id }) => id === run.id)
  const hits = [
    { device: 'cuda:7' },
    { device: 'farm/cuda:7' },
    { device: 'GPU-filter' },
    { runtime: 'tfjs' },
    { label: 'team' },
    { label: 'team=vision' },
  ]
  for (const filter of [...hits, { label: `quote=a"b'c` }, { architectureId, status: 'queued' as const }])
    assert.ok(await found(filter), JSON.stringify(filter))
  const misses = [{ device: 'cuda' }, { runtime: 'onnxruntime' }, { label: 'vision' }, { label: 'team=' }, { status: 'running' as const }]
  for (const filter of [...misses, { architectureId: 'no id' }, { label: '%' }]) assert.ok(!(await found(filter)), JSON.stringify(filter))
})

test('a device’s history: its succeeded runs, latest first, with what each took and was expected to take', async () => {
  const { runs, db } = opened.store
  const device = fresh()
  const result = { latencyMs: { p50: 2, mean: 2.5 }, samples: 100, warmup: { durationMs: 1000 } }
  for (const [i, span] of [9000, 100].entries()) {
    const run = await insert({ ...device, macs: 5_000_000_000 + i, expectedMs: 150, expectedBasis: 'cost', settings: { seed: i } })
    await runs.finish(claimOf((await runs.claim(run.id, 'me', 60_000))!), { status: 'succeeded', result })
    const end = new Date(Date.UTC(2030, 0, 1) + i * 60_000)
    await db.execute(
      sql`UPDATE runs SET started_at = ${new Date(end.getTime() - span).toISOString()}::timestamptz, finished_at = ${end.toISOString()}::timestamptz WHERE id = ${run.id}`,
    )
  }
  const failed = await insert(device)
  await runs.finish(claimOf((await runs.claim(failed.id, 'me', 60_000))!), { status: 'failed', error: { code: 'X', message: 'x' } })
  const history = await runs.history(device.deviceUuid)
  assert.deepEqual(
    history.map(({ ms }) => ms),
    [100, 9000],
  )
  const { workload, ...told } = history[0]!
  assert.equal(workload, history[1]!.workload, 'the seed makes no other workload')
  assert.deepEqual(told, {
    runtime: 'onnxruntime',
    backend: 'cpu',
    macs: 5_000_000_001,
    ms: 100,
    callMs: 2,
    timedMs: 1250,
    expectedMs: 150,
    expectedBasis: 'cost',
  })
  assert.deepEqual(await runs.history(fresh().deviceUuid), [])
})

test('what was measured before is found by its digest, where its certificate is valid; the latest first', async () => {
  const { runs } = opened.store
  const device = fresh()
  const measurement = randomUUID()
  assert.equal(await runs.measured(measurement), null)
  const ids: string[] = []
  for (const verdict of ['valid', 'valid', 'suspect']) {
    const run = await insert({ ...device, measurement })
    ids.push(run.id)
    await runs.finish(claimOf((await runs.claim(run.id, 'me', 60_000))!), { status: 'succeeded', certificate: { verdict, reasons: [] } })
  }
  assert.equal((await runs.measured(measurement))!.id, ids[1])
})
