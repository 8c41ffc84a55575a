/** How many runs may wait, and which priorities a role may ask for. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
const keys: Record<string, string> = {}
const call = (method: 'get' | 'post' | 'patch' | 'delete', path: string, as: string) =>
  api.request[method](path).set('authorization', `Bearer ${keys[as]}`)
const queueRun = (as: string, over: object = {}) =>
  call('post', '/v1/runs', as).send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })

before(async () => {
  api = await openTestApi({ MAX_WAITING_PER_DEVICE: '5', MAX_WAITING_PER_KEY: '3' })
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
  keys.admin = (await api.request.post('/v1/keys').send({ name: 'admin', role: 'admin' })).body.key
  for (const name of ['one', 'two']) keys[name] = (await call('post', '/v1/keys', 'admin').send({ name, role: 'runner' })).body.key
  // What waits stays.
  await call('patch', '/v1/devices/cpu:0', 'admin').send({ state: 'paused' }).expect(200)
})
after(() => api.close())

test('no more wait than may, of one key and for one device, however many are asked for at once', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => queueRun('one')))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 202, 202, 429, 429, 429])
  const refused = answers.find(({ status }) => status === 429)!
  assert.equal(refused.body.code, 'QUEUE_FULL')
  assert.match(refused.body.detail, /^3 runs of this key wait, and no more of one key may \(MAX_WAITING_PER_KEY\): try again in \d+ s/)
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  await queueRun('two').expect(202)
  const { body: fifth } = await queueRun('two').expect(202)
  const full = await queueRun('two').expect(429)
  assert.match(full.body.detail, /^5 runs wait for cpu:0 of here, and no more may \(MAX_WAITING_PER_DEVICE\)/)
  // A sweep is queued whole or not at all, and one place makes room for one run.
  await call('delete', `/v1/runs/${fifth.id}`, 'two').expect(200)
  const sweep = { architectureId, device: 'cpu:0', runtime: 'onnxruntime', batches: [1, 2], fresh: true }
  assert.equal((await call('post', '/v1/sweeps', 'two').send(sweep).expect(429)).body.code, 'QUEUE_FULL')
  const query = `mutation { createRun(input: { architectureId: "${architectureId}", device: "cpu:0", runtime: onnxruntime, fresh: true }) { created } }`
  const graphql = () => call('post', '/graphql', 'two').send({ query })
  assert.equal((await graphql()).body.data.createRun.created, true)
  assert.equal((await graphql()).body.errors[0].extensions.code, 'QUEUE_FULL')
})

test('a priority that would go before everybody takes an admin', async () => {
  const waiting = (await call('get', '/v1/queue', 'admin')).body.items[0].waiting
  for (const { runId } of waiting) await call('delete', `/v1/runs/${runId}`, 'admin').expect(200)
  await queueRun('one', { priority: 10 }).expect(202)
  const refused = await queueRun('one', { priority: 11 }).expect(403)
  assert.deepEqual([refused.body.code, refused.body.errors[0].path], ['FORBIDDEN', '/priority'])
  assert.match(refused.body.detail, /priority is 11, and a runner’s go up to 10/)
  assert.match(refused.headers['www-authenticate']!, /insufficient_scope", scope="admin"/)
  await call('post', '/v1/sweeps', 'one')
    .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', batches: [1], priority: 50 })
    .expect(403)
  await queueRun('admin', { priority: 100 }).expect(202)
})
