import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId = ''
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
})
after(() => api.close())

const body = (over: object = {}) => ({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', batches: [4, 1, 2], ...over })
const post = (over: object = {}) => api.request.post('/v1/sweeps').send(body(over))
async function finished(id: string): Promise<Record<string, any>> {
  for (let i = 0; i < 500; i++) {
    const { body: sweep } = await api.request.get(`/v1/sweeps/${id}`).expect(200)
    if (sweep.status === 'finished') return sweep
    await sleep(10)
  }
  assert.fail(`sweep ${id} did not end`)
}
/** Ends each run as it comes: latency by its batch, as `latency` says. */
async function play(latency: (batch: number) => number, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    while (!api.worker.runs(id)) await sleep(5)
    const { batch } = api.worker.jobs.findLast((job) => job.runId === id)!
    const p50 = latency(batch)
    api.worker.finish(id, (success) => ({
      ...success,
      result: { ...success.result, latencyMs: { ...success.result.latencyMs, p50 }, throughputPerSecond: (1000 * batch) / p50 },
      certificate: { verdict: 'valid', reasons: [] },
    }))
  }
}

it('queues a run for each batch, by rising batch, and reads back as a curve with its knee', async () => {
  api.worker.autoMs = null
  const { body: sweep, headers } = await post({ batches: [32, 1, 8, 2, 4, 16], labels: { of: 'curve' } }).expect(202)
  assert.equal(headers.location, `/v1/sweeps/${sweep.id}`)
  assert.deepEqual(
    sweep.points.map((point: { batch: number }) => point.batch),
    [1, 2, 4, 8, 16, 32],
  )
  assert.equal(sweep.knee, null)
  const ids = sweep.points.map((point: { runId: string }) => point.runId)
  await play((batch) => 10 + 2 * Math.max(0, batch - 8), ids)
  const read = await finished(sweep.id)
  assert.deepEqual(read.points[3], {
    batch: 8,
    runId: ids[3],
    status: 'succeeded',
    latencyMs: 10,
    msPerImage: 1.25,
    throughputPerSecond: 800,
    verdict: 'valid',
  })
  assert.deepEqual(read.knee, { batch: 8, latencyMs: 10, throughputPerSecond: 800 })
  const { body: graphql } = await api.request
    .post('/graphql')
    .send({ query: `{ sweep(id: "${sweep.id}") { status architecture { name } knee { batch } points { batch run { labels } } } }` })
    .expect(200)
  assert.equal(graphql.data.sweep.knee.batch, 8)
  assert.deepEqual(graphql.data.sweep.points[0].run.labels, { of: 'curve' })
  // What was measured is not measured again; what was not, is.
  const again = await post({ batches: [1, 2, 64] }).expect(202)
  assert.deepEqual(
    again.body.points.map((point: { runId: string }) => ids.includes(point.runId)),
    [true, true, false],
  )
  assert.equal(again.body.status, 'running')
  await play(() => 200, [again.body.points[2].runId])
  const { body: list } = await api.request.get('/v1/sweeps?limit=1').expect(200)
  assert.equal(list.items[0].id, again.body.id)
  const { body: next } = await api.request.get(`/v1/sweeps?limit=1&after=${list.nextCursor}`).expect(200)
  assert.equal(next.items[0].id, sweep.id)
  api.worker.autoMs = 1
})

it('an idempotency key makes one sweep; with another request it is refused', async () => {
  const keyed = (over: object = {}) =>
    api.request
      .post('/v1/sweeps')
      .set('idempotency-key', 'sweep-1')
      .send(body({ fresh: true, ...over }))
  const first = await keyed().expect(202)
  const second = await keyed({ batches: [1, 2, 4] }).expect(200)
  assert.equal(second.body.id, first.body.id, 'the order of the batches is no difference')
  assert.equal((await keyed({ batches: [1, 2] }).expect(409)).body.code, 'IDEMPOTENCY_CONFLICT')
  await finished(first.body.id)
})

it('cancels what is left, once', async () => {
  api.worker.autoMs = null
  const { body: sweep } = await post({ fresh: true }).expect(202)
  while (!api.worker.runs(sweep.points[0].runId)) await sleep(5)
  await api.request.delete(`/v1/sweeps/${sweep.id}`).expect(202)
  const read = await finished(sweep.id)
  assert.deepEqual(new Set(read.points.map((point: { status: string }) => point.status)), new Set(['cancelled']))
  assert.equal((await api.request.delete(`/v1/sweeps/${sweep.id}`).expect(409)).body.code, 'SWEEP_FINISHED')
  api.worker.autoMs = 1
})

it('queues nothing where one batch cannot be run, and says what is wrong', async () => {
  const before = (await api.request.get('/v1/runs?limit=1')).body.items[0]?.id
  const refused = async (over: object, status: number) => (await post(over).expect(status)).body
  assert.equal((await refused({ batches: [] }, 400)).errors[0].path, '/batches')
  assert.match((await refused({ batch: 2 }, 400)).errors[0].message, /unknown key "batch"/)
  const twice = await refused({ batches: [1, 1] }, 400)
  assert.equal(twice.code, 'INVALID_REQUEST')
  assert.match(twice.errors[0].message, /1 to 32 values, none twice/)
  assert.equal((await refused({ against: {} }, 400)).code, 'INVALID_REQUEST')
  assert.equal((await refused({ settings: { minDurationMs: 9000, maxDurationMs: 1 } }, 400)).errors[0].path, '/settings/maxDurationMs')
  assert.equal((await refused({ device: 'cuda:9' }, 404)).code, 'DEVICE_NOT_FOUND')
  assert.equal((await refused({ resolution: 1 }, 422)).code, 'INVALID_RESOLUTION')
  assert.equal((await api.request.get('/v1/runs?limit=1')).body.items[0]?.id, before)
  await api.request.get('/v1/sweeps/nothing').expect(404)
})
