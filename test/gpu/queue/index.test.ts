import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Estimator } from '../../../src/gpu/queue/estimate.ts'
import { type QueueDevice, type QueueMetric, RunQueue, type RunQueueOptions } from '../../../src/gpu/queue/index.ts'
import type { Run } from '../../../src/store/index.ts'
import { openTestStore, quietLog, someArchitecture, type TestStore } from '../../store/helper.ts'
import { deviceNamed, ended, reached, type Script, ScriptedWorker, scriptedRun } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

interface Bench {
  queue: RunQueue
  devices: QueueDevice[]
  workers: ScriptedWorker[]
  metrics: QueueMetric[]
  add(script: Script, over?: Parameters<typeof scriptedRun>[3], device?: QueueDevice): Promise<Run>
}

/** A started queue with devices of its own, stopped when the test ends. */
async function bench(
  t: TestContext,
  { devices: count = 1, start = true, options = {} }: { devices?: number; start?: boolean; options?: Partial<RunQueueOptions> } = {},
): Promise<Bench> {
  const devices = Array.from({ length: count }, (_, i) => deviceNamed(`cpu:${i}`, `CPU-${randomUUID()}`))
  const workers = devices.map((device) => new ScriptedWorker(device))
  const metrics: QueueMetric[] = []
  const queue = new RunQueue({
    store: opened.store,
    devices,
    workers: new Map(workers.map((worker) => [worker.device, worker])),
    log: { ...quietLog, error() {} },
    onMetrics: (metric) => metrics.push(metric),
    ...options,
  })
  if (start) await queue.start()
  t.after(() => queue.stop())
  const add: Bench['add'] = async (script, over, device = devices[0]!) =>
    (await queue.enqueue(scriptedRun(architectureId, device, script, over))).run
  return { queue, devices, workers, metrics, add }
}

const limit = { timeout: 30_000 }

test('six runs queued at once on each of two devices: each device runs one at a time, both at the same time', limit, async (t) => {
  const { devices, workers, add } = await bench(t, { devices: 2 })
  const runs = await Promise.all(Array.from({ length: 12 }, (_, i) => add({ ms: 30 }, {}, devices[i % 2])))
  for (const run of runs) assert.equal(await ended(opened.store, run.id), 'succeeded')
  const intervals = workers.map((worker) => worker.intervals.toSorted((a, b) => a.start - b.start))
  for (const list of intervals) {
    assert.equal(list.length, 6)
    for (let i = 1; i < list.length; i++) assert.ok(list[i]!.start >= list[i - 1]!.end)
  }
  const [a, b] = intervals as [(typeof intervals)[0], (typeof intervals)[0]]
  assert.ok(a.some((x) => b.some((y) => x.start < y.end && y.start < x.end)))
})

test('the log has a line for each step of a run, with run, device and reason', limit, async (t) => {
  const lines: Record<string, unknown>[] = []
  const log = { ...quietLog, info: (data: object, message: string) => void lines.push({ ...data, message }) }
  const { add, devices } = await bench(t, { options: { log } })
  const failing = await add({ does: 'fail' })
  assert.equal(await ended(opened.store, failing.id), 'failed')
  const told = () => lines.filter(({ runId }) => runId === failing.id)
  // The line follows once the end is stored.
  for (let i = 0; i < 100 && told().length < 3; i++) await sleep(20)
  assert.deepEqual(
    told().map(({ message, device, status, reason = null }) => [message, device, status, reason]),
    [
      ['run queued', devices[0]!.name, 'queued', null],
      ['run started', devices[0]!.name, 'running', null],
      ['run ended', devices[0]!.name, 'failed', 'OUT_OF_MEMORY: scripted'],
    ],
  )
})

test('a run keeps all that its worker said: result, certificate, environment, samples, progress in order', limit, async (t) => {
  const { add } = await bench(t)
  const { id } = await add({ progress: 30 })
  assert.equal(await ended(opened.store, id), 'succeeded')
  const run = (await opened.store.runs.get(id))!
  const output = { elements: 2, maxAbs: 1, first: [1, -1], agreement: null }
  assert.deepEqual(run.result, { latencyMs: { p50: null }, samples: 3, stable: true, output })
  assert.deepEqual(run.certificate, { verdict: 'valid', reasons: [] })
  assert.deepEqual(run.environment, { host: 'testhost' })
  assert.deepEqual(await (await opened.store.runs.samples(id))?.read(0, 9), new Float64Array([1, 2, 3]))
  const progress = (await opened.store.events.list(id)).filter((event) => event.type === 'progress')
  assert.deepEqual(
    progress.map((event) => event.data.i),
    Array.from({ length: 30 }, (_, i) => i),
  )
})

test('priority first, then age', limit, async (t) => {
  const { queue, workers, add } = await bench(t, { start: false })
  const runs: Run[] = []
  for (const priority of [0, 1, 0, 9, 1]) runs.push(await add({ ms: 1 }, { priority }))
  await queue.start()
  for (const run of runs) await ended(opened.store, run.id)
  assert.deepEqual(
    workers[0]!.intervals.map(({ runId }) => runs.findIndex((run) => run.id === runId)),
    [3, 1, 4, 0, 2],
  )
})

for (const [does, code] of [
  ['crash', 'WORKER_CRASHED'],
  ['fail', 'OUT_OF_MEMORY'],
  ['throw', 'WORKER_FAILED'],
] as const) {
  test(`a worker that does "${does}" costs that run alone, once, and the next one runs`, limit, async (t) => {
    const { workers, add } = await bench(t)
    const [bad, good] = [await add({ does }), await add({})]
    assert.equal(await ended(opened.store, bad.id), 'failed')
    assert.equal((await opened.store.runs.get(bad.id))?.error?.code, code)
    assert.equal(await ended(opened.store, good.id), 'succeeded')
    assert.equal(workers[0]!.intervals.length, 2)
  })
}

test('the timeout counts from the start of execution, not the time in the queue', limit, async (t) => {
  const { add } = await bench(t)
  const first = await add({ ms: 300 })
  const patient = await add({ ms: 20 }, { timeoutMs: 150 })
  const late = await add({ does: 'hang' }, { timeoutMs: 100 })
  const next = await add({})
  assert.deepEqual(await Promise.all([first, patient, late, next].map((run) => ended(opened.store, run.id))), [
    'succeeded',
    'succeeded',
    'timedOut',
    'succeeded',
  ])
  const error = (await opened.store.runs.get(late.id))?.error
  assert.equal(error?.code, 'TIMED_OUT')
  assert.match(error!.message, /timeoutMs of 100 \(it was in phase measure\)/)
})

test('cancelling: a waiting run never starts; a running one is still running until its process is dead', limit, async (t) => {
  const { queue, workers, add } = await bench(t)
  const [running, waiting, next] = [await add({ does: 'hang' }), await add({}), await add({})]
  await reached(opened.store, running.id, 'started')
  assert.equal((await queue.cancel(waiting.id))?.effect, 'cancelled')
  const whileDying: string[] = []
  workers[0]!.whileDying = async (runId) => void whileDying.push((await opened.store.runs.get(runId))!.status)
  assert.equal((await queue.cancel(running.id))?.effect, 'requested')
  assert.equal(await ended(opened.store, running.id), 'cancelled')
  assert.deepEqual(whileDying, ['running'])
  assert.equal(await ended(opened.store, next.id), 'succeeded')
  assert.deepEqual(
    workers[0]!.intervals.map(({ runId }) => runId),
    [running.id, next.id],
  )
  assert.equal((await queue.cancel(running.id))?.effect, 'finished')
})

test('a shutdown ends the worker first, gives the run back to its place, and the next start runs it', limit, async (t) => {
  const { store } = opened
  const { queue, devices, workers, add } = await bench(t)
  const first = await add({ does: 'hang' }, { timeoutMs: 400 })
  const second = await add({})
  await reached(store, first.id, 'started')
  const whileDying: string[] = []
  workers[0]!.whileDying = async (runId) => void whileDying.push((await store.runs.get(runId))!.status)
  const began = performance.now()
  await queue.stop()
  t.diagnostic(`stopped in the middle of a run within ${Math.round(performance.now() - began)} ms`)
  assert.deepEqual(whileDying, ['running'])
  const back = (await store.runs.get(first.id))!
  assert.deepEqual([back.status, back.ownersLost], ['queued', 0])
  assert.deepEqual((await store.events.list(first.id)).at(-1)?.data.reason, 'shutdown')
  assert.equal((await store.runs.get(second.id))?.status, 'queued', 'nothing starts during a shutdown')

  const worker = new ScriptedWorker(devices[0]!)
  const again = new RunQueue({ store, devices, workers: new Map([[worker.device, worker]]), log: quietLog })
  t.after(() => again.stop())
  await again.start()
  assert.equal(await ended(store, first.id), 'timedOut')
  assert.equal(await ended(store, second.id), 'succeeded')
  assert.deepEqual(
    worker.intervals.map(({ runId }) => runId),
    [first.id, second.id],
  )
})

test('a cancellation whose notice was lost is found with the next renewal of the lease', limit, async (t) => {
  const { add } = await bench(t)
  const run = await add({ does: 'hang' })
  await reached(opened.store, run.id, 'started')
  const { sql } = await import('drizzle-orm')
  await opened.store.db.execute(sql`UPDATE runs SET cancel_requested_at = now() WHERE id = ${run.id}`)
  assert.equal(await ended(opened.store, run.id), 'cancelled')
})

test('a run that another service took over is ended here, and its result dropped', limit, async (t) => {
  const { workers, add } = await bench(t)
  const run = await add({ does: 'hang' })
  await reached(opened.store, run.id, 'started')
  const { sql } = await import('drizzle-orm')
  await opened.store.db.execute(sql`UPDATE runs SET owner = 'another', attempt = 2 WHERE id = ${run.id}`)
  while (workers[0]!.intervals.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  const read = (await opened.store.runs.get(run.id))!
  assert.deepEqual([read.status, read.owner], ['running', 'another'])
  await opened.store.runs.finish({ id: run.id, owner: 'another', attempt: 2 }, { status: 'succeeded', result: { by: 'another' } })
})

test('a waiting run whose ticket went astray still runs', limit, async (t) => {
  const { queue, devices, add } = await bench(t)
  const { boss, tickets, db, runs } = opened.store
  // Inserted behind a busy device, its ticket removed, as if a process had died with it in hand.
  const busy = await add({ does: 'hang' })
  await reached(opened.store, busy.id, 'started')
  const lost = await add({})
  await boss.deleteJob(tickets.queue(devices[0]!.uuid), lost.id)
  assert.equal(await tickets.waiting(db, devices[0]!.uuid), 0)
  await queue.cancel(busy.id)
  await ended(opened.store, busy.id)
  assert.equal(await runs.replenishTickets(devices[0]!.uuid), 1)
  assert.equal(await ended(opened.store, lost.id), 'succeeded')
})

test('positions, waiting counts and times to a result follow the history of the same workload', limit, async (t) => {
  const { queue, devices, add } = await bench(t)
  const { store } = opened
  const cold = await queue.enqueue(scriptedRun(architectureId, devices[0]!, { ms: 200 }))
  await ended(store, cold.run.id)
  const { startedAt, finishedAt } = (await store.runs.get(cold.run.id))!
  const lasted = finishedAt!.getTime() - startedAt!.getTime()
  const hanging = await add({ does: 'hang' }, { timeoutMs: 25_000 })
  await reached(store, hanging.id, 'started')
  const known = await queue.enqueue(scriptedRun(architectureId, devices[0]!, { ms: 200 }))
  const unknown = await queue.enqueue(scriptedRun(architectureId, devices[0]!, { ms: 200 }, { batch: 4, timeoutMs: 12 }))
  assert.equal(known.place?.position, 1)
  assert.equal(unknown.place?.position, 2)
  // The one in progress has no history: its settings ask for 15 ms, and after those it is taken to last a tenth longer.
  const running = (await store.runs.get(hanging.id))!.startedAt!.getTime()
  const most = lasted + Math.max(15, 0.1 * (Date.now() - running)) + 1
  assert.ok(known.place!.etaMs! >= lasted && known.place!.etaMs! <= most, `${known.place!.etaMs} for ${lasted}`)
  const [snapshot] = (await queue.snapshot()).filter(({ deviceUuid }) => deviceUuid === devices[0]!.uuid)
  assert.equal(snapshot?.running?.run.id, hanging.id)
  assert.deepEqual(
    snapshot?.waiting.map(({ run, position }) => [run.id, position]),
    [
      [known.run.id, 1],
      [unknown.run.id, 2],
    ],
  )
  const [first, second] = snapshot!.waiting
  assert.equal(second!.etaMs! - first!.etaMs!, 12, 'what its settings ask for, never more than its timeout')
  assert.deepEqual(
    (await queue.depths()).filter(({ deviceUuid }) => deviceUuid === devices[0]!.uuid).map(({ waiting, running }) => [waiting, running]),
    [[2, 1]],
  )
  for (const { id } of [known.run, unknown.run, hanging]) await queue.cancel(id)
  assert.equal(await ended(store, hanging.id), 'cancelled')
  assert.equal(await queue.place((await store.runs.get(known.run.id))!), null)
})

test('a run that an idle device takes at once has a place in the answer all the same', limit, async (t) => {
  const { queue, devices } = await bench(t)
  const insert = opened.store.runs.insert.bind(opened.store.runs)
  t.mock.method(opened.store.runs, 'insert', async (...args: Parameters<typeof insert>) => {
    const inserted = await insert(...args)
    await reached(opened.store, inserted.run.id, 'started')
    return inserted
  })
  const { run, place } = await queue.enqueue(scriptedRun(architectureId, devices[0]!, { ms: 1 }))
  // Warm-up and minimum duration are all that is known of a new device.
  assert.deepEqual([run.status, place], ['queued', { position: 1, etaMs: 15, basis: 'settings', error: null, reason: null }])
})

test('where no service that is alive runs on the device, there is no time but a reason', limit, async (t) => {
  let elsewhere = new Set<string>()
  const { queue, devices, add } = await bench(t, { options: { elsewhere: async () => elsewhere } })
  const [here] = devices as [QueueDevice]
  const there = deviceNamed('cuda:3', `GPU-${randomUUID()}`)
  const run = await add({}, {}, there)
  const nobody = { position: 1, etaMs: null, basis: null, error: null }
  const { reason, ...place } = (await queue.place(run))!
  assert.deepEqual(place, nobody)
  assert.match(reason!, /^No service that is alive runs on cuda:3 of testhost: start one there, or cancel the run\.$/)
  const shown = async () => (await queue.snapshot()).find(({ deviceUuid }) => deviceUuid === there.uuid)!.waiting[0]!.etaMs
  assert.equal(await shown(), null)
  elsewhere = new Set([there.uuid])
  assert.equal((await queue.place(run))!.etaMs, 15)
  assert.equal(await shown(), 15)
  elsewhere = new Set()
  // What runs there under a lease shows that somebody does.
  await opened.store.runs.claimNext(there.uuid, 'another host|b|n|1|1|x', 60_000)
  const next = await add({}, {}, there)
  assert.notEqual((await queue.place(next))!.etaMs, null)
  // A device that has left is nobody's, and is somebody's when it is back.
  await queue.detach(here.uuid)
  const waiting = await add({ ms: 1 })
  assert.equal((await queue.place(waiting))!.etaMs, null)
  await queue.attach(here, new ScriptedWorker(here))
  assert.equal(await ended(opened.store, waiting.id), 'succeeded')
  await queue.cancel(next.id)
})

test('a comparison under way is expected to go on as its blocks did', limit, async () => {
  const { store } = opened
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const { run } = await store.runs.insert(
    scriptedRun(architectureId, device, {}, { rounds: 10, against: {}, againstArchitectureId: architectureId, timeoutMs: 3_600_000 }),
  )
  await store.runs.claim(run.id, 'me', 60_000)
  const { sql } = await import('drizzle-orm')
  const estimator = new Estimator([])
  const remaining = async () => {
    const [now] = await store.runs.running([device.uuid])
    return { ...estimator.remaining(now!), blocks: now!.blocks }
  }
  // Ten minutes in, its settings would have it over long ago.
  await store.db.execute(sql`UPDATE runs SET started_at = now() - interval '600 seconds' WHERE id = ${run.id}`)
  const before = await remaining()
  assert.deepEqual([before.blocks, before.basis], [{ done: 0, ms: 0 }, 'settings'])
  assert.ok(Math.abs(before.ms - 60_000) < 2000, `${before.ms}`)
  // Five of 20 blocks took 500 s, and the sixth has run for 100 s: fourteen are to come, and the end of the sixth.
  for (let i = 0; i < 5; i++) await store.events.append(run.id, 'progress', { phase: 'comparing' })
  await store.db.execute(sql`UPDATE run_events SET at = now() - interval '100 seconds' WHERE run_id = ${run.id} AND type = 'progress'`)
  const after = await remaining()
  assert.deepEqual([after.blocks!.done, after.basis], [5, 'progress'])
  assert.ok(Math.abs(after.ms - 1_410_000) < 2000, `${after.ms}`)
  await store.runs.finish({ id: run.id, owner: 'me', attempt: 1 }, { status: 'succeeded', comparison: {} })
})

test('meters hear of every start and end, and of every certificate that is stored', limit, async (t) => {
  const { metrics, add } = await bench(t)
  for (const script of [{}, { does: 'crash' } as const]) await ended(opened.store, (await add(script)).id)
  while (metrics.length < 5) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(
    metrics.map((metric) => (metric.kind === 'ended' ? metric.status : metric.kind)),
    ['started', 'certified', 'succeeded', 'started', 'failed'],
  )
  for (const metric of metrics)
    if (metric.kind === 'certified') assert.deepEqual(metric.certificate, { verdict: 'valid', reasons: [] })
    else assert.ok((metric.kind === 'ended' ? metric.runMs : metric.waitMs) >= 0)
})

test('pick-up latency, printed: from an idle queue, and between the runs of a backlog', limit, async (t) => {
  const { workers, add } = await bench(t)
  const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!.toFixed(1)
  const idle: number[] = []
  for (let i = 0; i < 15; i++) {
    const sent = performance.now()
    const run = await add({ ms: 0 })
    await ended(opened.store, run.id)
    idle.push(workers[0]!.intervals.at(-1)!.start - sent)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const before = workers[0]!.intervals.length
  const backlog = await Promise.all(Array.from({ length: 15 }, () => add({ ms: 5 })))
  for (const run of backlog) await ended(opened.store, run.id)
  const list = workers[0]!.intervals.slice(before)
  const between = list.slice(1).map((interval, i) => interval.start - list[i]!.end)
  assert.equal(list.length, 15)
  t.diagnostic(`pick-up p50: idle ${median(idle)} ms (insert included), backlog ${median(between)} ms (end of a run stored included)`)
})

test('a device that goes between the claim of a run and its start takes the run back all the same', limit, async (t) => {
  const { queue, devices, workers, add } = await bench(t)
  const [device] = devices as [QueueDevice]
  const { runs } = opened.store
  const claimNext = runs.claimNext.bind(runs)
  t.mock.method(runs, 'claimNext', async (...args: Parameters<typeof claimNext>) => {
    const run = await claimNext(...args)
    if (run) void queue.detach(device.uuid) // which itself waits for this run
    return run
  })
  const begun = await add({ ms: 10_000 })
  await reached(opened.store, begun.id, 'requeued')
  assert.equal((await runs.get(begun.id))!.ownersLost, 0, 'no fault of the run')
  assert.ok(workers[0]!.intervals.every(({ start, end }) => end - start < 5_000))
})

test('what waits for a device that goes waits until it comes back; what it had begun, too', limit, async (t) => {
  const { queue, devices, workers, add } = await bench(t)
  const [device] = devices as [QueueDevice]
  const begun = await add({ ms: 10_000 })
  await reached(opened.store, begun.id, 'started')
  // An event is read as soon as it is stored, which may be before the queue itself has gone on.
  const becomes = async (idle: boolean) => {
    while (queue.idle !== idle) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await becomes(false)
  await queue.detach(device.uuid)
  const waiting = await add({ ms: 1 })
  await reached(opened.store, begun.id, 'requeued')
  await becomes(true)
  assert.equal((await opened.store.runs.get(waiting.id))!.status, 'queued')
  assert.equal((await opened.store.runs.get(begun.id))!.ownersLost, 0, 'no fault of the run')
  // The same run does something quicker this time, so that the test is over soon.
  const second = new ScriptedWorker(device)
  await queue.attach(device, {
    execute: (job, options) => second.execute({ ...job, settings: { ...job.settings, ms: 1 } as never }, options),
  })
  for (const run of [begun, waiting]) assert.equal(await ended(opened.store, run.id), 'succeeded')
  assert.equal(workers[0]!.intervals.length, 1)
})
