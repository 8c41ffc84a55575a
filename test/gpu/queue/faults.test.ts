/** What fails between the claim of a run and its end: the device goes on, and the run is not lost. No test waits. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { type QueueMetric, RunQueue, type RunQueueOptions } from '../../../src/gpu/queue/index.ts'
import type { Run } from '../../../src/store/index.ts'
import { openTestStore, someArchitecture, type TestStore } from '../../store/helper.ts'
import { FakeClock } from '../fake-clock.ts'
import { until } from '../worker/helpers.ts'
import { deviceNamed, ended, reached, type Script, ScriptedWorker, scriptedRun } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

/** A started queue with a device of its own and a clock that the test moves. */
async function bench(t: TestContext, options: Partial<RunQueueOptions> = {}) {
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const worker = new ScriptedWorker(device)
  const clock = new FakeClock()
  const logged: string[] = []
  const note = (_data: object, message: string) => void logged.push(message)
  const queue = new RunQueue({
    store: opened.store,
    devices: [device],
    workers: new Map([[device.uuid, worker]]),
    log: { debug() {}, info: note, warn: note, error: note },
    clock,
    ...options,
  })
  await queue.start()
  t.after(async () => {
    let stopped = false
    const stopping = queue.stop().then(() => (stopped = true))
    await clock.until(() => stopped)
    await stopping
  })
  const add = async (script: Script, over?: Parameters<typeof scriptedRun>[3]) =>
    (await queue.enqueue(scriptedRun(architectureId, device, script, over))).run
  const read = async ({ id }: Run) => (await opened.store.runs.get(id))!
  return { queue, device, worker, clock, logged, add, read }
}

const limit = { timeout: 60_000 }
const gone = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
const expireLease = ({ id }: Run) =>
  opened.store.db.execute(sql`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = ${id}`)

test('a file that cannot be let go of costs a line in the log, neither the run nor the device', limit, async (t) => {
  const { logged, add, worker } = await bench(t)
  const { architectures, blobs } = opened.store
  const get = architectures.get.bind(architectures)
  t.mock.method(architectures, 'get', async (id: string) => ({ ...(await get(id))!, blob: `sha256:${'0'.repeat(64)}` }))
  const release = async () => {
    throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' })
  }
  t.mock.method(blobs, 'hold', async () => ({ path: '/nowhere', release }))
  for (const run of [await add({}, { weights: 'file' }), await add({})]) assert.equal(await ended(opened.store, run.id), 'succeeded')
  assert.equal(worker.intervals.length, 2)
  assert.ok(logged.includes('a file held for a run was not removed'))
})

for (const kind of ['started', 'ended'] as const)
  test(`a meter that throws when a run has ${kind} is logged, and runs go on`, limit, async (t) => {
    const onMetrics = (metric: QueueMetric) => {
      if (metric.kind === kind) throw new Error('no such label')
    }
    const { queue, logged, add } = await bench(t, { onMetrics })
    for (const run of [await add({}), await add({})]) assert.equal(await ended(opened.store, run.id), 'succeeded')
    await until(() => queue.idle, 20_000, 'the end of the second run')
    assert.equal(logged.filter((line) => line === 'a metric of the queue failed').length, 2)
  })

test('an end that the database does not take for half a minute is stored then, and nothing is measured twice', limit, async (t) => {
  const { clock, worker, add, read } = await bench(t)
  const { runs } = opened.store
  const finish = runs.finish.bind(runs)
  let tries = 0
  t.mock.method(runs, 'finish', async (...args: Parameters<typeof finish>) => {
    if (++tries < 30) throw gone()
    return finish(...args)
  })
  const run = await add({})
  const waited = await clock.until(async () => (await read(run)).status === 'succeeded')
  assert.ok(waited >= 29_000, `${waited}`)
  assert.deepEqual([tries, worker.intervals.length, (await read(run)).attempt], [30, 1, 1])
  assert.deepEqual(await (await runs.samples(run.id))?.read(0, 9), new Float64Array([1, 2, 3]))
})

test('an end that is not stored within that time gives up the lease, and is stored when the database takes it again', limit, async (t) => {
  const { queue, clock, worker, logged, add, read } = await bench(t)
  const { runs } = opened.store
  const finish = runs.finish.bind(runs)
  let broken = true
  t.mock.method(runs, 'finish', async (...args: Parameters<typeof finish>) => {
    if (broken) throw gone()
    return finish(...args)
  })
  const run = await add({})
  const next = await add({})
  await clock.until(() => logged.includes('the end of a run could not be stored; its lease is given up'))
  await clock.until(() => queue.idle)
  const { status, leaseUntil } = await read(run)
  assert.equal(status, 'running')
  await clock.until(() => false, { mostMs: 20_000 }).catch(() => {})
  assert.deepEqual((await read(run)).leaseUntil, leaseUntil, 'nobody renews it')
  broken = false
  await clock.until(async () => (await read(next)).status === 'succeeded')
  assert.deepEqual([(await read(run)).status, (await read(run)).attempt, worker.intervals.length], ['succeeded', 1, 2])
})

test('an end that is never stored leaves the run to be taken up again when its lease is over', limit, async (t) => {
  const { queue, clock, worker, add, read } = await bench(t)
  const { runs } = opened.store
  const finish = runs.finish.bind(runs)
  t.mock.method(runs, 'finish', async (...args: Parameters<typeof finish>) => {
    if (args[0].attempt === 1) throw gone()
    return finish(...args)
  })
  const run = await add({})
  await reached(opened.store, run.id, 'started')
  await clock.until(async () => queue.idle && worker.intervals.length === 1)
  await expireLease(run)
  await clock.until(async () => (await read(run)).status === 'succeeded')
  assert.deepEqual([(await read(run)).attempt, worker.intervals.length], [2, 2])
  assert.equal((await opened.store.events.list(run.id)).find(({ type }) => type === 'requeued')?.data.reason, 'OWNER_LOST')
})

test('a result that the database refuses makes a failed run that says so, at once', limit, async (t) => {
  const { worker, add, read } = await bench(t)
  const { runs } = opened.store
  const finish = runs.finish.bind(runs)
  t.mock.method(runs, 'finish', async (...args: Parameters<typeof finish>) => {
    // SQLSTATE untranslatable_character, wrapped as Drizzle does.
    if (args[1].result) throw new Error('Failed query', { cause: Object.assign(new Error('unsupported Unicode'), { code: '22P05' }) })
    return finish(...args)
  })
  const run = await add({})
  assert.equal(await ended(opened.store, run.id), 'failed')
  assert.equal((await read(run)).error?.code, 'RESULT_NOT_STORED')
  assert.equal(worker.intervals.length, 1)
})

test(
  'a claim whose answer is lost is given up with its lease: the device is not blocked by a run that nobody executes',
  limit,
  async (t) => {
    const { queue, clock, add, read } = await bench(t)
    const { runs } = opened.store
    const claimNext = runs.claimNext.bind(runs)
    let lost = 0
    t.mock.method(runs, 'claimNext', async (...args: Parameters<typeof claimNext>) => {
      const run = await claimNext(...args)
      if (!run || lost > 0) return run
      lost += 1
      throw gone()
    })
    const run = await add({})
    await until(() => lost > 0, 20_000, 'the claim')
    const { status, leaseUntil } = await read(run)
    assert.equal(status, 'running')
    await clock.until(() => false, { mostMs: 20_000 }).catch(() => {})
    assert.deepEqual((await read(run)).leaseUntil, leaseUntil, 'nobody renews it')
    assert.ok(queue.idle)
    await expireLease(run)
    await clock.until(async () => (await read(run)).status === 'succeeded')
  },
)

test('progress that the database does not take holds up no end', limit, async (t) => {
  const { clock, add, read } = await bench(t)
  t.mock.method(opened.store.events, 'append', () => new Promise(() => {}))
  const run = await add({ progress: 3 })
  await clock.until(async () => (await read(run)).status === 'succeeded')
})

test('a stop that comes while an end is being stored again tries once or twice more, and takes no longer than it may', limit, async (t) => {
  const { queue, clock, add, logged } = await bench(t, { stopMs: 5000 })
  const { runs } = opened.store
  let tries = 0
  t.mock.method(runs, 'finish', async () => {
    tries += 1
    throw gone()
  })
  const run = await add({})
  await clock.until(() => tries >= 5)
  const before = tries
  let stopped = false
  void queue.stop().then(() => (stopped = true))
  const took = await clock.until(() => stopped, { stepMs: 100 })
  assert.ok(took <= 5100, `${took}`)
  assert.ok(tries - before <= 3, `${tries - before} tries after the stop`)
  assert.ok(logged.includes('the end of a run could not be stored; its lease is given up'))
  await runs.reclaim(() => true)
  await runs.requestCancel(run.id)
})

test('a stop does not wait for a database that never answers', limit, async (t) => {
  const { queue, clock, add, logged } = await bench(t, { stopMs: 5000 })
  const { runs } = opened.store
  const run = await add({ does: 'hang' })
  await reached(opened.store, run.id, 'started')
  const giveBack = t.mock.method(runs, 'giveBack', () => new Promise<null>(() => {}))
  let stopped = false
  void queue.stop().then(() => (stopped = true))
  await until(() => giveBack.mock.callCount() > 0, 20_000, 'the run to be given back')
  const took = await clock.until(() => stopped, { stepMs: 100 })
  assert.ok(took <= 5100, `${took}`)
  assert.ok(logged.includes('the queue did not stop in time; the next start takes up what it left'))
  giveBack.mock.restore()
  await runs.reclaim(() => true)
  await runs.requestCancel(run.id)
})
