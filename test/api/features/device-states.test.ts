/** Pausing and resuming a device over REST and GraphQL, and all that shows it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
})
after(() => api.close())

const set = (device: string, body: object) => api.request.patch(`/v1/devices/${encodeURIComponent(device)}`).send(body)
const graphql = async (query: string) => (await api.request.post('/graphql').send({ query }).expect(200)).body
const newRun = { device: 'cpu:0', runtime: 'onnxruntime', fresh: true }
const read = async (path: string) => (await api.request.get(path).expect(200)).body

test('a device is paused, and lists, queue, runs and metrics say so, until it is resumed', async () => {
  const paused = await set('cpu:0', { state: 'paused', note: ' a new card ' }).expect(200)
  assert.deepEqual([paused.body.state, paused.body.hold.note, paused.body.hold.by], ['paused', 'a new card', null])
  const { body: run } = await api.request
    .post('/v1/runs')
    .send({ architectureId, ...newRun })
    .expect(202)
  assert.deepEqual([run.status, run.queue.position, run.queue.etaMs], ['queued', 1, null])
  assert.match(run.queue.reason, /cpu:0 of .* is paused \(a new card\)/)
  await pause(100)
  const waiting = await read(`/v1/runs/${run.id}`)
  assert.deepEqual([waiting.status, waiting.queue.etaMs], ['queued', null])
  const [queue] = (await read('/v1/queue')).items
  assert.deepEqual([queue.state, queue.hold.note, queue.waiting[0].etaMs], ['paused', 'a new card', null])
  assert.match(queue.waiting[0].reason, /is paused/)
  const device = (await read('/v1/devices')).items[0]
  assert.deepEqual([device.state, device.hold], ['paused', queue.hold])
  const { data } = await graphql('{ queue { state hold { since note by } waiting { reason } } devices { name state } }')
  assert.deepEqual([data.queue[0].state, data.devices[0]], ['paused', { name: 'cpu:0', state: 'paused' }])
  const metrics = (await api.request.get('/metrics').expect(200)).text
  assert.match(metrics, /^archmeter_device_held\{device="cpu:0",host="here",state="paused"\} 1$/m)
  const resumed = await graphql('mutation { setDeviceState(id: "here/cpu:0", input: { state: active }) { state hold { since } } }')
  assert.deepEqual(resumed.data.setDeviceState, { state: 'active', hold: null })
  assert.equal((await api.request.get(`/v1/runs/${run.id}?wait=20`).expect(200)).body.status, 'succeeded')
  assert.doesNotMatch((await api.request.get('/metrics')).text, /archmeter_device_held\{/)
})

test('a device is draining as long as it runs something, and drained then', async () => {
  api.worker.autoMs = null
  const { body: run } = await api.request
    .post('/v1/runs')
    .send({ architectureId, ...newRun })
    .expect(202)
  for (let i = 0; i < 500 && !api.worker.runs(run.id); i++) await pause(10)
  // By its UUID, as every name does.
  const { uuid } = (await read('/v1/devices')).items[0]
  assert.equal((await set(uuid, { state: 'drained' }).expect(200)).body.state, 'draining')
  assert.equal((await read('/v1/queue')).items[0].state, 'draining')
  api.worker.finish(run.id)
  assert.equal((await api.request.get(`/v1/runs/${run.id}?wait=20`)).body.status, 'succeeded')
  assert.equal((await read('/v1/devices')).items[0].state, 'drained')
  await set(uuid, { state: 'active' }).expect(200)
  api.worker.autoMs = 1
})

test('those who listen hear of it at once, of the queue and of the device', async () => {
  const controller = new AbortController()
  const answer = await fetch(`${api.url}/v1/events?type=queue,device`, { signal: controller.signal })
  let text = ''
  const heard = (async () => {
    for await (const bytes of answer.body!) text += Buffer.from(bytes).toString()
  })().catch(() => {})
  for (let i = 0; i < 200 && !text.includes('event: reset'); i++) await pause(10)
  // The first look at the devices finds what is known.
  await pause(200)
  await set('cpu:0', { state: 'drained', note: 'told' }).expect(200)
  const told = () => ['queue', 'device'].every((type) => new RegExp(`event: ${type}\\n.*"state":"drained".*"note":"told"`).test(text))
  for (let i = 0; i < 1000 && !told(); i++) await pause(10)
  assert.ok(told(), text.slice(0, 2000))
  await set('cpu:0', { state: 'active' }).expect(200)
  controller.abort()
  await heard
})

test('what is wrong with a change of state is said', async () => {
  assert.equal((await set('cpu:7', { state: 'paused' }).expect(404)).body.code, 'DEVICE_NOT_FOUND')
  assert.equal((await set('cuda:0', { state: 'paused' }).expect(409)).body.code, 'AMBIGUOUS_DEVICE')
  assert.equal((await set('cpu:0', { state: 'off' }).expect(400)).body.code, 'INVALID_REQUEST')
  assert.equal((await set('cpu:0', {}).expect(400)).body.code, 'INVALID_REQUEST')
  assert.equal((await set('cpu:0', { state: 'paused', note: 'a\0b' }).expect(422)).body.code, 'INVALID_TEXT')
  assert.equal((await read('/v1/devices')).items[0].state, 'active')
})
