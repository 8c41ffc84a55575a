/** Pausing, draining and resuming a device: what starts, what becomes of the run in progress, and what is said of those that wait. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type QueueDevice, RunQueue } from '../../../src/gpu/queue/index.ts'
import type { DeviceState } from '../../../src/store/index.ts'
import { openTestStore, quietLog, someArchitecture, type TestStore } from '../../store/helper.ts'
import { deviceNamed, ended, reached, type Script, ScriptedWorker, scriptedRun } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

const limit = { timeout: 60_000 }

/** A queue on a device of its own; `restart` stops it and starts another on the same store. */
async function bench(t: TestContext) {
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const worker = new ScriptedWorker(device)
  const open = async () => {
    const queue = new RunQueue({
      store: opened.store,
      devices: [device],
      workers: new Map([[device.uuid, worker]]),
      log: { ...quietLog, error() {} },
    })
    await queue.start()
    return queue
  }
  const it = { device, worker, queue: await open() }
  t.after(() => it.queue.stop())
  return Object.assign(it, {
    add: async (script: Script) => (await it.queue.enqueue(scriptedRun(architectureId, device, script))).run,
    set: (state: DeviceState, note: string | null = null) => it.queue.setDeviceState(stateOf(device, state, note)),
    async restart() {
      await it.queue.stop()
      it.queue = await open()
    },
  })
}
const stateOf = (device: QueueDevice, state: DeviceState, note: string | null = null) => ({
  ...{ deviceUuid: device.uuid, device: device.name, host: device.host, state, note },
  by: 'amk_0a1b2c3d',
})
const status = async (id: string) => (await opened.store.runs.get(id))!.status

test(
  'a paused device gives what runs back, starts nothing, not even after a restart, and says why until it is resumed',
  limit,
  async (t) => {
    const it = await bench(t)
    const first = await it.add({ does: 'hang' })
    await reached(opened.store, first.id, 'started')
    const second = await it.add({})
    await it.set('paused', 'new driver')
    await reached(opened.store, first.id, 'requeued')
    await sleep(100)
    await it.restart()
    await sleep(300)
    assert.deepEqual([await status(first.id), await status(second.id)], ['queued', 'queued'])
    // In its old place, and nothing of it was counted as a lost owner.
    const requeued = (await opened.store.runs.get(first.id))!
    assert.equal(requeued.ownersLost, 0)
    const [snapshot] = (await it.queue.snapshot()).filter(({ deviceUuid }) => deviceUuid === it.device.uuid)
    assert.deepEqual(
      snapshot!.waiting.map(({ run, position, etaMs }) => [run.id, position, etaMs]),
      [
        [first.id, 1, null],
        [second.id, 2, null],
      ],
    )
    assert.deepEqual([snapshot!.hold?.state, snapshot!.hold?.note, snapshot!.hold?.by], ['paused', 'new driver', 'amk_0a1b2c3d'])
    const place = (await it.queue.place(second))!
    assert.deepEqual([place.position, place.etaMs], [2, null])
    assert.match(place.reason!, /cpu:0 of testhost is paused \(new driver\).* resumes it/)
    await it.queue.cancel(first.id)
    const resumed = performance.now()
    await it.set('active')
    assert.equal(await ended(opened.store, second.id), 'succeeded')
    // Its ticket was there all the while; pg-boss looks for it by itself after 30 s.
    assert.ok(performance.now() - resumed < 20_000)
  },
)

test('a drained device ends what runs and starts nothing else', limit, async (t) => {
  const it = await bench(t)
  const first = await it.add({ ms: 300 })
  await reached(opened.store, first.id, 'started')
  const second = await it.add({})
  await it.set('drained')
  const [snapshot] = (await it.queue.snapshot()).filter(({ deviceUuid }) => deviceUuid === it.device.uuid)
  // What runs is still expected to end; what waits is not.
  if (snapshot!.running) assert.equal(typeof snapshot!.running.etaMs, 'number')
  assert.equal(snapshot!.waiting[0]!.etaMs, null)
  assert.equal(await ended(opened.store, first.id), 'succeeded')
  await sleep(200)
  assert.equal(await status(second.id), 'queued')
  await it.set('active')
  assert.equal(await ended(opened.store, second.id), 'succeeded')
})

test('a run that is cancelled while its device is being paused is cancelled, not queued again', limit, async (t) => {
  const it = await bench(t)
  const run = await it.add({ does: 'hang' })
  await reached(opened.store, run.id, 'started')
  it.worker.whileDying = async () => void (await it.queue.cancel(run.id))
  await it.set('paused')
  assert.equal(await ended(opened.store, run.id), 'cancelled')
  await it.set('active')
})

test('a service that does not run on a device sets its state for the one that does', limit, async (t) => {
  const it = await bench(t)
  const run = await it.add({ does: 'hang' })
  await reached(opened.store, run.id, 'started')
  const other = new RunQueue({ store: opened.store, devices: [], workers: new Map(), log: quietLog })
  t.after(() => other.stop())
  await other.setDeviceState(stateOf(it.device, 'paused'))
  await reached(opened.store, run.id, 'requeued')
  await it.queue.cancel(run.id)
  const next = await it.add({})
  await other.setDeviceState(stateOf(it.device, 'active'))
  assert.equal(await ended(opened.store, next.id), 'succeeded')
})

test('a claim of a held device finds nothing, whatever its caller believes', async () => {
  const { store } = opened
  const device = deviceNamed('cpu:9', `CPU-${randomUUID()}`)
  const { run } = await store.runs.insert(scriptedRun(architectureId, device, {}))
  for (const state of ['paused', 'drained'] as const) {
    await store.deviceStates.set(stateOf(device, state))
    assert.equal(await store.runs.claimNext(device.uuid, 'somebody', 1000), null)
    assert.equal(await store.runs.claim(run.id, 'somebody', 1000), null)
  }
  const since = (await store.deviceStates.holds()).get(device.uuid)!.since
  await sleep(5)
  // Set once more, it keeps since when and takes the new note.
  await store.deviceStates.set({ ...stateOf(device, 'drained', 'again'), by: 'amk_ffffffff' })
  const hold = (await store.deviceStates.holds()).get(device.uuid)!
  assert.deepEqual([hold.since, hold.note, hold.by], [since, 'again', 'amk_0a1b2c3d'])
  await store.deviceStates.set(stateOf(device, 'active'))
  assert.equal((await store.deviceStates.holds()).get(device.uuid), undefined)
  assert.equal((await store.runs.claimNext(device.uuid, 'somebody', 1000))?.id, run.id)
})
