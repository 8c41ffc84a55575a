/** Runs, comparisons and sweeps of a file that leaves height and width open, at other sizes than it was registered at. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId = ''
before(async () => {
  api = await openTestApi()
  const file = readFileSync(new URL('../../fixtures/onnx-cases/dynamic_hw.onnx', import.meta.url))
  const { body } = await api.request
    .post('/v1/architectures?name=open&dims=H:20,Wd:28')
    .set('content-type', 'application/octet-stream')
    .send(file)
    .expect(201)
  architectureId = body.id
})
after(() => api.close())

const request = (over: object) => ({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', ...over })
const graphql = async (query: string, variables: object = {}) => {
  const { body } = await api.request.post('/graphql').send({ query, variables })
  assert.equal(body.errors, undefined, JSON.stringify(body.errors))
  return body.data
}
/** Sizes of what a run was told to read, both sides of a comparison: those asked for, before those of the registration. */
const told = (id: string) => {
  const jobs = api.worker.jobs.filter(({ runId }) => runId === id)
  return [...new Set(jobs.map(({ sized, model }) => JSON.stringify((sized ?? model)?.sizes)))]
}
const ended = async (id: string) => (await api.request.get(`/v1/runs/${id}?wait=30`).expect(200)).body
const registered = { dims: { H: 20, Wd: 28 } }

test('a run at sizes by name, by shape and by resolution, over REST and GraphQL', async () => {
  const { body: run } = await api.request
    .post('/v1/runs')
    .send(request({ dims: 'H:64,Wd:48' }))
    .expect(202)
  assert.deepEqual(run.sizes, { dims: { H: 64, Wd: 48 } })
  await ended(run.id)
  assert.match(told(run.id).join(), /"dims":\{"H":64,"Wd":48\}/)
  const { createRun } = await graphql(
    'mutation ($input: NewRunInput!) { createRun(input: $input) { run { id sizes { dims inputShape } } } }',
    {
      input: request({ inputShape: [3, 32, 48] }),
    },
  )
  assert.deepEqual(createRun.run.sizes, { dims: null, inputShape: [3, 32, 48] })
  await ended(createRun.run.id)
  assert.match(told(createRun.run.id).join(), /"inputShape":\[3,32,48\]/)
  // What was asked of one way is no earlier run of another.
  assert.notEqual(createRun.run.id, run.id)
})

test('a comparison of one file at two sizes', async () => {
  const { body: run } = await api.request
    .post('/v1/runs')
    .send(request({ dims: 'H:64,Wd:48', against: { dims: 'H:32,Wd:48' }, rounds: 8 }))
    .expect(202)
  assert.deepEqual([run.sizes, run.against.sizes], [{ dims: { H: 64, Wd: 48 } }, { dims: { H: 32, Wd: 48 } }])
  const read = await ended(run.id)
  assert.equal(read.status, 'succeeded')
  assert.equal(told(run.id).length, 2)
  const data = await graphql(`{ run(id: "${run.id}") { sizes { dims } against { sizes { dims } } } }`)
  assert.deepEqual(data.run, { sizes: { dims: { H: 64, Wd: 48 } }, against: { sizes: { dims: { H: 32, Wd: 48 } } } })
})

test('a sweep at sizes of its own, over REST and GraphQL', async () => {
  const { body: sweep } = await api.request
    .post('/v1/sweeps')
    .send(request({ batches: [1, 2], dims: 'H:96,Wd:48' }))
    .expect(202)
  assert.deepEqual(sweep.sizes, { dims: { H: 96, Wd: 48 } })
  for (const { runId } of sweep.points) {
    assert.deepEqual((await ended(runId)).sizes, { dims: { H: 96, Wd: 48 } })
    assert.match(told(runId).join(), /"H":96/)
  }
  const { createSweep } = await graphql(
    'mutation ($input: NewSweepInput!) { createSweep(input: $input) { sweep { sizes { inputShape } } } }',
    {
      input: request({ batches: [1], inputShape: [3, 96, 48] }),
    },
  )
  assert.deepEqual(createSweep.sweep.sizes, { inputShape: [3, 96, 48] })
})

test('without any, those of the registration, and sizes that the file does not leave open are refused', async () => {
  const { body: run } = await api.request.post('/v1/runs').send(request({})).expect(202)
  assert.equal(run.sizes, null)
  await ended(run.id)
  assert.ok(told(run.id).every((sizes) => sizes === undefined || sizes === JSON.stringify(registered)))
  const { body } = await api.request.post('/v1/runs').send(request({ dims: 'depth:3' }))
  assert.match(body.detail + JSON.stringify(body.errors), /no open dim .*depth.*; those that it leaves open are .*H.*Wd/)
})
