/** Two keys on one device: each has the device for its weight's share, and what is shown before is what happens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { offers } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
const keys: Record<string, { id: string; key: string }> = {}
const { uuid } = offers().devices[0]!
const call = (method: 'get' | 'post' | 'patch' | 'delete', path: string, as: string) =>
  api.request[method](path).set('authorization', `Bearer ${keys[as]!.key}`)
const queueRun = async (as: string, over: object = {}): Promise<{ id: string; queue: { position: number } }> =>
  (
    await call('post', '/v1/runs', as)
      .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })
      .expect(202)
  ).body
const waiting = async (): Promise<string[]> =>
  (await call('get', '/v1/queue', 'admin').expect(200)).body.items[0].waiting.map(({ runId }: { runId: string }) => runId)
/** The run that is in progress, once one is that was not before. */
const started = async (known: ReadonlySet<string>): Promise<string> => {
  for (let i = 0; i < 3000; i++) {
    const job = api.worker.jobs.findLast(({ runId }) => api.worker.runs(runId) && !known.has(runId))
    if (job) return job.runId
    await pause(10)
  }
  throw new Error('no run started')
}

before(async () => {
  api = await openTestApi()
  api.worker.autoMs = null
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
  keys.admin = (await api.request.post('/v1/keys').send({ name: 'admin', role: 'admin' }).expect(201)).body
  for (const name of ['heavy', 'light']) keys[name] = (await call('post', '/v1/keys', 'admin').send({ name, role: 'runner' })).body
})
after(() => api.close())

test('the weight of a key is set by an admin, when it is made or later, and shown', async () => {
  const made = await call('post', '/v1/keys', 'admin').send({ name: 'third', role: 'runner', weight: 7 }).expect(201)
  assert.equal(made.body.weight, 7)
  assert.equal((await call('get', `/v1/keys/${keys.heavy!.id}`, 'admin')).body.weight, 1)
  await call('patch', `/v1/keys/${keys.heavy!.id}`, 'heavy').send({ weight: 9 }).expect(403)
  for (const weight of [0, 1001, 1.5, null]) await call('patch', `/v1/keys/${keys.heavy!.id}`, 'admin').send({ weight }).expect(400)
  assert.equal((await call('patch', `/v1/keys/${keys.heavy!.id}`, 'admin').send({ weight: 2 }).expect(200)).body.weight, 2)
  const query = `mutation { setKeyWeight(id: "${keys.heavy!.id}", input: { weight: 3 }) { weight } }`
  assert.deepEqual((await call('post', '/graphql', 'admin').send({ query })).body.data, { setKeyWeight: { weight: 3 } })
  assert.equal((await call('get', '/v1/usage', 'heavy')).body.weight, 3)
  const lines = (await call('get', `/v1/audit?action=setKeyWeight&subjectId=${keys.heavy!.id}`, 'admin')).body.items
  const outcomes = lines.map(({ outcome, role }: { outcome: string; role: string }) => `${outcome} ${role}`)
  assert.deepEqual(outcomes.sort(), ['FORBIDDEN runner', 'done admin', 'done admin'])
})

test('two keys that ask for all they can get have the device by their weights, whoever queued first', async () => {
  await call('patch', '/v1/devices/cpu:0', 'admin').send({ state: 'paused' }).expect(200)
  const owner = new Map<string, string>()
  for (let i = 0; i < 16; i++) owner.set((await queueRun('heavy')).id, 'heavy')
  for (let i = 0; i < 16; i++) owner.set((await queueRun('light')).id, 'light')
  // All are expected to take equally long, so three of four places go to the key of weight 3.
  const shown = (await waiting()).map((id) => owner.get(id)!)
  for (let n = 4; n <= 20; n++) {
    const heavy = shown.slice(0, n).filter((of) => of === 'heavy').length
    assert.ok(Math.abs(heavy - (n * 3) / 4) <= 1, shown.join(' '))
  }
  const [first] = await waiting()
  await call('patch', '/v1/devices/cpu:0', 'admin').send({ state: 'active' }).expect(200)
  const had: Record<string, number> = { heavy: 0, light: 0 }
  const runs: Record<string, number> = { heavy: 0, light: 0 }
  let longest = 0
  let before = await tags()
  const known = new Set<string>()
  for (let n = 0; n < 16; n++) {
    const id = await started(known)
    known.add(id)
    if (n === 0) assert.equal(id, first)
    const of = owner.get(id)!
    await pause(5 + (n % 3) * 10)
    // The charge of this run, ms: what its key's tag moves by, times its weight.
    api.worker.finish(id)
    const next = await started(known)
    const now = await tags()
    const charge = (now[of]! - before[of]!) * (of === 'heavy' ? 3 : 1)
    before = now
    assert.ok(charge > 0)
    had[of]! += charge
    runs[of]! += 1
    longest = Math.max(longest, charge)
    // Goyal, Vin and Cheng (1996), theorem 1, with what was really charged.
    const apart = Math.abs(had.heavy! / 3 - had.light!)
    assert.ok(apart <= longest / 3 + longest, `after ${n + 1} runs: heavy ${had.heavy} ms, light ${had.light} ms, longest ${longest} ms`)
    assert.ok(owner.has(next))
  }
  assert.ok(runs.light! >= 1 && runs.heavy! >= 1, JSON.stringify(runs))
  await call('post', '/v1/runs/cancel', 'admin')
    .send({ device: ['cpu:0'] })
    .expect(200)
})

test('a key that comes late goes next, however many of another wait, unless an admin put one before everything', async () => {
  for (let i = 0; i < 300 && (await call('get', '/v1/queue', 'admin')).body.items[0].running; i++) await pause(10)
  const ids: string[] = []
  for (let i = 0; i < 12; i++) ids.push((await queueRun('heavy', { priority: 10 })).id)
  const running = await started(new Set())
  const late = await queueRun('light', { priority: -100 })
  assert.equal(late.queue.position, 1)
  assert.equal((await waiting())[0], late.id)
  const urgent = await queueRun('admin', { priority: 11 })
  assert.equal(urgent.queue.position, 1)
  api.worker.finish(running)
  const known = new Set([running])
  for (const expected of [urgent.id, late.id]) {
    const id = await started(known)
    assert.equal(id, expected)
    known.add(id)
    api.worker.finish(id)
  }
})

/** Start tags on the device by the names of the keys, ms. */
async function tags(): Promise<Record<string, number>> {
  const shares = (await api.store.runs.shares([uuid])).get(uuid)!
  return Object.fromEntries(Object.entries(keys).map(([name, { id }]) => [name, shares.get(id)?.start ?? 0]))
}
