/** Cancelling by a filter, and another priority for a waiting run. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { exampleId } from '../../../src/api/schemas.ts'
import { someRun } from '../../store/helper.ts'
import { offers } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  api.worker.autoMs = null
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
})
after(() => api.close())

const queueRun = async (over: object = {}): Promise<string> =>
  (
    await api.request
      .post('/v1/runs')
      .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })
      .expect(202)
  ).body.id
const order = async () => (await api.request.get('/v1/queue')).body.items[0].waiting.map(({ runId }: { runId: string }) => runId)
const cancel = (body: object) => api.request.post('/v1/runs/cancel').send(body)

test('a waiting run moves to the place of its new priority, which its events and the places of others show', async () => {
  const running = await queueRun()
  for (let i = 0; i < 500 && !api.worker.runs(running); i++) await pause(10)
  const ids = [await queueRun(), await queueRun(), await queueRun()] as const
  const moved = await api.request.patch(`/v1/runs/${ids[2]}`).send({ priority: 7 }).expect(200)
  assert.deepEqual([moved.body.priority, moved.body.queue.position], [7, 1])
  assert.deepEqual(await order(), [ids[2], ids[0], ids[1]])
  const query = `mutation { setRunPriority(id: "${ids[0]}", input: { priority: -1 }) { priority queue { position } } }`
  const { data } = (await api.request.post('/graphql').send({ query })).body
  assert.deepEqual(data.setRunPriority, { priority: -1, queue: { position: 3 } })
  const events = await api.store.db.execute(`SELECT type, data FROM run_events WHERE run_id = '${ids[2]}' ORDER BY seq`)
  assert.deepEqual(
    (events.rows as { type: string }[]).map(({ type }) => type),
    ['queued', 'reprioritized'],
  )
  const refused = await api.request.patch(`/v1/runs/${running}`).send({ priority: 7 }).expect(409)
  assert.deepEqual([refused.body.code, /is running/.test(refused.body.detail)], ['RUN_NOT_WAITING', true])
  assert.equal((await api.request.patch(`/v1/runs/${exampleId}`).send({ priority: 1 }).expect(404)).body.code, 'RUN_NOT_FOUND')
  assert.equal((await api.request.patch(`/v1/runs/${ids[0]}`).send({ priority: 101 }).expect(400)).body.code, 'INVALID_REQUEST')
})

test('runs are cancelled by the filters of the list, in turns, and it is said how many', async () => {
  // More than are cancelled in one transaction.
  const old = someRun(architectureId, { deviceUuid: offers().devices[0]!.uuid, host: 'here', labels: { branch: 'old' } })
  for (let i = 0; i < 130; i++) await api.store.runs.insert(old)
  const kept = await queueRun({ labels: { branch: 'new' } })
  assert.deepEqual((await cancel({ label: ['branch=old'], status: ['succeeded'] }).expect(200)).body, { cancelled: 0, requested: 0 })
  assert.deepEqual((await cancel({ label: ['branch=old'] }).expect(200)).body, { cancelled: 130, requested: 0 })
  assert.equal((await api.request.get('/v1/runs?label=branch%3Dold&status=cancelled&total=true')).body.total, 130)
  assert.ok((await order()).includes(kept))
  const query = 'mutation { cancelRuns(input: { device: ["cpu:0"] }) { cancelled requested } }'
  const { data } = (await api.request.post('/graphql').send({ query })).body
  assert.deepEqual(data.cancelRuns, { cancelled: 4, requested: 1 })
  assert.deepEqual(await order(), [])
  assert.deepEqual((await cancel({ device: ['cpu:0'] }).expect(200)).body.cancelled, 0)
  for (const body of [{}, { nonsense: 1 }]) assert.equal((await cancel(body).expect(400)).body.code, 'INVALID_REQUEST')
})

test('a runner moves runs within its bound, and none that an admin put beyond it', async () => {
  const admin = (await api.request.post('/v1/keys').send({ name: 'admin', role: 'admin' })).body.key
  const as = (key: string) => ({ authorization: `Bearer ${key}` })
  const runner = (await api.request.post('/v1/keys').set(as(admin)).send({ name: 'runner', role: 'runner' })).body.key
  const add = async () =>
    (
      await api.request
        .post('/v1/runs')
        .set(as(admin))
        .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true })
        .expect(202)
    ).body.id
  const first = await add()
  for (let i = 0; i < 500 && !api.worker.runs(first); i++) await pause(10)
  const id = await add()
  const set = (key: string, priority: number) => api.request.patch(`/v1/runs/${id}`).set(as(key)).send({ priority })
  await set(runner, 10).expect(200)
  assert.equal((await set(runner, 11).expect(403)).body.code, 'FORBIDDEN')
  await set(admin, 90).expect(200)
  await set(runner, 0).expect(403)
})
