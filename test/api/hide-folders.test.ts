import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hideFolders } from '../../src/api/hide-folders.ts'
import { offers } from './fake-worker.ts'
import { openTestApi, smallNetwork } from './helper.ts'

test('of a path in a text the last part stays; what is no path stays as it is', () => {
  const cases: [text: string, shown: string][] = [
    ['there is none in /srv/archmeter/.tensorflow', 'there is none in .tensorflow'],
    ['/srv/app/node_modules/x/bin/libonnx.so: cannot open "/srv/app/lib/libcudnn.so.9"', 'libonnx.so: cannot open "libcudnn.so.9"'],
    ['Error: at run (file:///srv/app/src/a.ts:7:3)', 'Error: at run (a.ts:7:3)'],
    ['at /srv/app/src/a.ts:7:3, (/srv/app/b.ts)', 'at a.ts:7:3, (b.ts)'],
    ['C:\\Users\\me\\archmeter\\x.dll is missing', 'x.dll is missing'],
    ['GET /v1/devices/cpu lists them; see https://example.org/a/b/c', 'GET /v1/devices/cpu lists them; see https://example.org/a/b/c'],
    ['12 GFLOP/s, 3/4 of it, and/or n/a', '12 GFLOP/s, 3/4 of it, and/or n/a'],
    ['', ''],
  ]
  for (const [text, shown] of cases) assert.equal(hideFolders(text), shown)
})

test('takes time linear in the text', () => {
  for (const part of ['/', '/a', 'a/', '\\', '/a b', 'C:\\', 'file://']) {
    const before = performance.now()
    hideFolders(part.repeat(100_000))
    assert.ok(performance.now() - before < 2000, part)
  }
})

test('no answer says where the service is installed', { timeout: 60_000 }, async (t) => {
  const place = '/srv/archmeter/.tensorflow'
  const devices = () => {
    const all = offers()
    for (const { runtimes } of all.devices)
      for (const each of runtimes) if (!each.usable) each.reason = `TensorFlow is not set up: there is none in ${place}`
    all.absent[0]!.reason = `${place}/bin/nvidia-smi does not start`
    return all
  }
  const api = await openTestApi({}, devices)
  t.after(() => api.close())
  const said: string[] = []
  const keep = (answer: { text: string }) => void said.push(answer.text)
  keep(await api.request.get('/v1/devices').expect(200))
  keep(await api.request.post('/graphql').send({ query: '{ devices { runtimes { reason } } }' }).expect(200))
  const { body } = await api.request.post('/v1/architectures').send(smallNetwork(3)).expect(201)
  const run = { architectureId: body.id, device: 'cpu:0', runtime: 'onnxruntime' }
  keep(
    await api.request
      .post('/v1/runs')
      .send({ ...run, device: 'left/cuda:0', runtime: 'tfjs' })
      .expect(409),
  )
  keep(
    await api.request
      .post('/v1/runs')
      .send({ ...run, device: 'cuda:9' })
      .expect(404),
  )
  api.worker.autoMs = null
  const { body: queued } = await api.request.post('/v1/runs').send(run).expect(202)
  while (!api.worker.runs(queued.id)) await new Promise((resolve) => setTimeout(resolve, 5))
  api.worker.finish(queued.id, { outcome: 'crashed', failure: { code: 'WORKER_CRASHED', message: `Error: at ${place}/lib/a.so:1` } })
  keep(await api.request.get(`/v1/runs/${queued.id}/events`).expect(200))
  keep(await api.request.get(`/v1/runs/${queued.id}`).expect(200))
  keep(
    await api.request
      .post('/graphql')
      .send({ query: `{ run(id: "${queued.id}") { error { message } } }` })
      .expect(200),
  )
  for (const text of said) assert.doesNotMatch(text, /srv/)
  assert.match(said.join(), /there is none in \.tensorflow/)
  assert.match(said.join(), /at a\.so:1/)
})
