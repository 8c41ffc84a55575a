import assert from 'node:assert/strict'
import { get as httpGet } from 'node:http'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunSuccess } from '../../../src/gpu/contract.ts'
import { fakeSamples } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
})
after(() => api.close())
afterEach(async () => {
  api.worker.autoMs = 1
  api.worker.finishAll()
  await until(async () => (await api.queue.depths()).length === 0)
})

const body = (over: object = {}) => ({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', ...over })
const create = (over: object = {}, key?: string) => {
  const request = api.request.post('/v1/runs')
  return (key === undefined ? request : request.set('idempotency-key', key)).send(body(over))
}
async function until(condition: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return
    await sleep(10)
  }
  assert.fail(`${what} did not come about within 5 s`)
}
const ended = (id: string) =>
  until(async () => !['queued', 'running'].includes((await api.request.get(`/v1/runs/${id}`)).body.status), 'the end of the run')
/** A run that is executing, and stays so until the test ends it. */
async function running(): Promise<string> {
  api.worker.autoMs = null
  const { body } = await create().expect(202)
  await until(() => api.worker.runs(body.id), 'the start of the run')
  return body.id
}

describe('from request to result', () => {
  it('queues, executes, and reads back', async () => {
    const settings = { threads: 2, warmupMs: 0, minDurationMs: 10, seed: 7 }
    const { body: run, headers } = await create({
      batch: 2,
      resolution: '8x8',
      profile: true,
      labels: { team: 'vision' },
      settings,
    }).expect(202)
    assert.equal(headers.location, `/v1/runs/${run.id}`)
    assert.equal(run.queue?.position ?? 1, 1)
    assert.deepEqual(run.settings, { ...run.settings, ...settings })
    assert.equal(run.settings.minSamples, 64)
    await ended(run.id)
    const { body: read } = await api.request.get(headers.location as string).expect(200)
    assert.equal(read.status, 'succeeded')
    assert.equal(read.queue, null)
    assert.equal(read.result.latencyMs.p90, null)
    assert.equal(read.certificate.verdict, 'suspect')
    assert.equal(read.resolution, '8x8')
    assert.deepEqual(read.labels, { team: 'vision' })
    assert.ok(Date.parse(read.queuedAt) <= Date.parse(read.startedAt) && Date.parse(read.startedAt) <= Date.parse(read.finishedAt))
    const job = api.worker.jobs.find((each) => each.runId === run.id)!
    assert.deepEqual([job.batch, job.resolution, job.profile, job.settings.seed, job.device.name], [2, [8, 8], true, 7, 'cpu:0'])
  })

  it('gives every sample, as JSON and as CSV', async () => {
    const { body: run } = await create().expect(202)
    await ended(run.id)
    const { body: samples } = await api.request.get(run.links.samples).expect(200)
    assert.deepEqual(samples, { runId: run.id, unit: 'ms', samples: [...fakeSamples] })
    const csv = await api.request.get(run.links.samples).set('accept', 'text/csv').expect(200)
    assert.match(csv.headers['content-type'] as string, /^text\/csv/)
    const rows = csv.text.trimEnd().split('\r\n')
    assert.equal(rows[0], 'index,ms')
    assert.deepEqual(
      rows.slice(1).map((row) => Number(row.split(',')[1])),
      [...fakeSamples],
    )
    await api.request.get(run.links.samples).set('accept', 'image/png').expect(406)
  })

  it('waits in order: priority first, then time; places and queue say so', async () => {
    const first = await running()
    const low = (await create({ priority: -1 }).expect(202)).body
    const plain = (await create().expect(202)).body
    const high = (await create({ priority: 5 }).expect(202)).body
    assert.equal(high.queue.position, 1)
    const { body: list } = await api.request.get('/v1/runs?status=queued').expect(200)
    const positions = new Map(list.items.map((run: any) => [run.id, run.queue.position]))
    assert.deepEqual(
      [high.id, plain.id, low.id].map((id) => positions.get(id)),
      [1, 2, 3],
    )
    const { body: queue } = await api.request.get('/v1/queue').expect(200)
    const device = queue.items.find((each: any) => each.device === 'cpu:0')
    assert.equal(device.running.runId, first)
    assert.deepEqual(
      device.waiting.map((each: any) => each.runId),
      [high.id, plain.id, low.id],
    )
    assert.deepEqual(
      device.waiting.map((each: any) => each.position),
      [1, 2, 3],
    )
    assert.ok(device.waiting[0].etaMs <= device.waiting[1].etaMs)
    // Runs of this workload ended before; what was expected of them is held against what they took.
    assert.equal(device.waiting[0].basis, 'history')
    assert.ok(device.waiting[0].error === null || device.waiting[0].error >= 0)
    api.worker.autoMs = 1
    api.worker.finish(first)
    await ended(low.id)
    assert.deepEqual(
      api.worker.jobs.slice(-4).map((job) => job.runId),
      [first, high.id, plain.id, low.id],
    )
  })

  it('is found by what it is', async () => {
    const { body: run } = await create({ labels: { suite: 'found', n: '1' } }).expect(202)
    await ended(run.id)
    const found = async (query: string) => (await api.request.get(`/v1/runs?${query}`).expect(200)).body.items.map((each: any) => each.id)
    assert.deepEqual(await found('label=suite=found'), [run.id])
    assert.deepEqual(await found('label=n%3D1&status=succeeded&device=cpu:0&runtime=onnxruntime'), [run.id])
    assert.deepEqual(await found('label=n%3D2'), [])
    assert.ok((await found(`architectureId=${architectureId}`)).includes(run.id))
    await api.request.get('/v1/runs?status=done').expect(400)
    const pages: string[] = []
    let after = ''
    do {
      const { body: page } = await api.request.get(`/v1/runs?limit=2${after}`).expect(200)
      pages.push(...page.items.map((each: any) => each.id))
      after = page.nextCursor ? `&after=${encodeURIComponent(page.nextCursor)}` : ''
    } while (after)
    assert.equal(new Set(pages).size, pages.length)
    assert.equal(pages.length, (await api.store.runs.list({ limit: 500 })).items.length)
  })
})

describe('what cannot be is refused', () => {
  const refused = async (over: object, status: number, code: string) => {
    const answer = await create(over).expect(status)
    assert.equal(answer.body.code, code)
    return answer.body as { detail: string; errors: { path: string; message: string }[] }
  }
  it('everything that is wrong with the request, at once', async () => {
    const { errors } = await refused(
      { batch: '2', presicion: 'float32', runtime: 'tensorflow', settings: { thread: 1, seed: -1 }, labels: { 'a b': 'x' }, timeoutMs: 1 },
      400,
      'INVALID_REQUEST',
    )
    assert.deepEqual(errors.map(({ path }) => path).sort(), [
      '/batch',
      '/labels',
      '/presicion',
      '/runtime',
      '/settings/seed',
      '/settings/thread',
      '/timeoutMs',
    ])
    assert.match(errors.find(({ path }) => path === '/settings/thread')!.message, /did you mean "threads"/)
    assert.match(errors.find(({ path }) => path === '/presicion')!.message, /did you mean "precision"/)
    const contradiction = await refused({ settings: { minDurationMs: 5000, maxDurationMs: 1000 } }, 400, 'INVALID_REQUEST')
    assert.equal(contradiction.errors[0]!.path, '/settings/maxDurationMs')
  })
  it('devices: none of the name, several of it, a runtime that does not work there', async () => {
    assert.match((await refused({ device: 'cuda:7' }, 404, 'DEVICE_NOT_FOUND')).detail, /nvidia-smi is not on the PATH/)
    assert.match((await refused({ device: 'tpu' }, 404, 'DEVICE_NOT_FOUND')).detail, /here\/cpu:0/)
    const ambiguous = await refused({ device: 'cuda:0' }, 409, 'AMBIGUOUS_DEVICE')
    assert.match(ambiguous.detail, /left\/cuda:0 or right\/cuda:0/)
    assert.equal(ambiguous.errors.length, 2)
    assert.match(
      (await refused({ device: 'left/cuda:0', runtime: 'tfjs' }, 409, 'DEVICE_UNAVAILABLE')).detail,
      /TensorFlow is not set up; run: npm run setup:tensorflow; usable there: onnxruntime/,
    )
  })
  it('a back end that the runtime does not have there, or that is not set up', async () => {
    const none = await refused({ runtime: 'tfjs', backend: 'tensorflow' }, 422, 'UNSUPPORTED_BY_RUNTIME')
    assert.equal(none.detail, 'tfjs has no back end tensorflow on cpu:0: it has wasm')
    assert.deepEqual(
      none.errors.map(({ path }) => path),
      ['/backend'],
    )
    const unset = await refused({ device: 'left/cuda:0', runtime: 'tfjs', backend: 'tensorflow' }, 409, 'DEVICE_UNAVAILABLE')
    assert.match(
      unset.detail,
      /^tfjs \(tensorflow\) does not work on left\/cuda:0: TensorFlow is not set up; run: npm run setup:tensorflow/,
    )
    await refused({ backend: 'webgl' }, 400, 'INVALID_REQUEST')
  })
  it('a tensor of 2^31 elements on CUDA, with the layer and the figure', async () => {
    const body = {
      name: 'wide',
      input: { shape: [1, 1024, 1024] },
      layers: [{ id: 'wide', type: 'Conv2d', outChannels: 1024, kernelSize: 1 }],
    }
    const { id } = (await api.request.post('/v1/architectures').send(body).expect(201)).body as { id: string }
    // 2^30 elements an image.
    const two = await refused({ architectureId: id, device: 'left/cuda:0', batch: 2 }, 422, 'UNSUPPORTED_BY_RUNTIME')
    assert.match(two.detail, /the output of layer wide has 2147483648 elements \(2×1024×1024×1024\).*fewer than 2\^31/)
    assert.deepEqual(
      two.errors.map(({ path }) => path),
      ['/batch'],
    )
    const one = await create({ architectureId: id, device: 'left/cuda:0' }).expect(202)
    await api.request.delete(`/v1/runs/${one.body.id}`).expect(200)
  })
  it('what the runtime does not offer', async () => {
    const all = await refused(
      { runtime: 'tfjs', precision: 'float16', profile: true, settings: { threads: 2 } },
      422,
      'UNSUPPORTED_BY_RUNTIME',
    )
    assert.deepEqual(
      all.errors.map(({ path }) => path),
      ['/precision', '/profile', '/settings/threads'],
    )
  })
  it('a setting that the runtime does not follow, unless it is the default anyway', async () => {
    const settings = { graphOptimization: 'basic', tf32: false, mode: 'resident' }
    const all = await refused({ runtime: 'tfjs', settings }, 422, 'UNSUPPORTED_BY_RUNTIME')
    assert.deepEqual(
      all.errors.map(({ path }) => path),
      ['/settings/graphOptimization', '/settings/tf32', '/settings/mode'],
    )
    const { errors } = await refused({ settings }, 422, 'UNSUPPORTED_BY_RUNTIME')
    assert.match(errors[0]!.message, /tf32 false is not supported here: leave tf32 out; supported are graphOptimization, mode/)
    assert.equal(errors.length, 1)
    await refused({ settings: { graphOptimization: 'most' } }, 400, 'INVALID_REQUEST')
    await create({ runtime: 'tfjs', settings: { graphOptimization: 'all', tf32: true, mode: 'endToEnd' } }).expect(202)
  })
  it('a body that no run needs', async () => {
    const { detail } = await refused({ labels: { a: 'x'.repeat(70_000) } }, 413, 'BODY_TOO_LARGE')
    assert.match(detail, /shorten it/)
  })
  it('a label that the database cannot hold', async () => {
    for (const text of ['a\u0000b', 'a\ud800', '\udc00']) {
      await refused({ labels: { a: text } }, 422, 'INVALID_TEXT')
      const query = 'mutation ($i: NewRunInput!) { createRun(input: $i) { created } }'
      const { body: answer } = await api.request.post('/graphql').send({ query, variables: { i: body({ labels: { a: text } }) } })
      assert.equal(answer.errors[0].extensions.code, 'INVALID_TEXT')
      const list = { query: 'query ($l: [String!]) { runs(label: $l) { edges { cursor } } }', variables: { l: [`a=${text}`] } }
      assert.equal((await api.request.post('/graphql').send(list)).body.errors[0].extensions.code, 'INVALID_TEXT')
    }
  })
  it('a body that was cut off', async () => {
    const { body } = await api.request.post('/v1/runs').set('content-type', 'application/json').send('{"architectureId": "').expect(400)
    assert.equal(body.code, 'MALFORMED_JSON')
    assert.match(body.detail, /not JSON: check for .*that all of it was sent/)
  })
  it('a resolution that does not go through, a batch that counts too far, an architecture that is not there', async () => {
    await refused({ resolution: 2 }, 422, 'INVALID_RESOLUTION')
    await refused({ architectureId: '01890a5d-ac96-774b-bcce-b302099a8057' }, 404, 'ARCHITECTURE_NOT_FOUND')
    await refused({ architectureId: 'x' }, 400, 'INVALID_REQUEST')
    assert.equal((await api.request.get('/v1/runs/01890a5d-ac96-774b-bcce-b302099a8057').expect(404)).body.code, 'RUN_NOT_FOUND')
    await api.request.delete('/v1/runs/1').expect(404)
    await api.request.get('/v1/runs/1/samples').expect(404)
    await api.request.get('/v1/runs/1/events').expect(404)
  })
  it('a name in full, and a UUID, are devices too', async () => {
    for (const device of ['here/cpu:0', 'CPU-00000000-0000-8000-8000-000000000001', 'cpu-00000000-0000-8000-8000-000000000001'])
      assert.equal((await create({ device }).expect(202)).body.device, 'cpu:0')
  })
})

describe('what is asked of the runtime', () => {
  it('reaches the worker, makes another workload, and is part of what an idempotency key stands for', async () => {
    const followed = { graphOptimization: 'basic', mode: 'resident' }
    const { body: run } = await create({ settings: followed }, 'runtime-1').expect(202)
    await ended(run.id)
    assert.deepEqual(run.settings, { ...run.settings, ...followed, tf32: true })
    assert.deepEqual(api.worker.jobs.find(({ runId }) => runId === run.id)!.settings, run.settings)
    await create({ settings: { ...followed, tf32: true } }, 'runtime-1').expect(200)
    const conflict = await create({ settings: { ...followed, mode: 'endToEnd' } }, 'runtime-1').expect(409)
    assert.equal(conflict.body.code, 'IDEMPOTENCY_CONFLICT')
    const plain = (await create().expect(202)).body
    const workload = async (id: string) => (await api.store.runs.get(id))!.workload
    assert.notEqual(await workload(run.id), await workload(plain.id))
  })
})

describe('an idempotency key', () => {
  it('makes one run of one request, however often it is sent', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ priority: 1 }, 'key-1')))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 202])
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1)
    const again = await api.request
      .post('/v1/runs')
      .set('idempotency-key', 'key-1')
      .send(Object.fromEntries(Object.entries(body({ priority: 1 })).reverse()))
      .expect(200)
    assert.equal(again.headers.location, `/v1/runs/${answers[0]!.body.id}`)
    // Defaults written out are the same request: GraphQL sends them, curl does not.
    const full = { priority: 1, batch: 1, precision: 'float32', profile: false, timeoutMs: answers[0]!.body.timeoutMs, labels: {} }
    assert.equal((await create({ ...full, settings: answers[0]!.body.settings }, 'key-1').expect(200)).body.id, answers[0]!.body.id)
    assert.equal((await create({ priority: 1, backend: 'cpu' }, 'key-1').expect(409)).body.code, 'IDEMPOTENCY_CONFLICT')
    assert.equal((await create({ priority: 2 }, 'key-1').expect(409)).body.code, 'IDEMPOTENCY_CONFLICT')
    await create({}, 'no spaces').expect(400)
  })
})

describe('cancelling', () => {
  it('a waiting run at once, a running one by its worker, a finished one not', async () => {
    const busy = await running()
    const { body: waiting } = await create().expect(202)
    assert.equal((await api.request.delete(waiting.links.self).expect(200)).body.status, 'cancelled')
    assert.equal((await api.request.delete(waiting.links.self).expect(409)).body.code, 'RUN_FINISHED')
    assert.equal((await api.request.get(waiting.links.samples).expect(409)).body.code, 'NO_SAMPLES')
    await api.request.delete(`/v1/runs/${busy}`).expect(202)
    await ended(busy)
    const { body: run } = await api.request.get(`/v1/runs/${busy}`)
    assert.equal(run.status, 'cancelled')
    assert.ok(run.cancelRequestedAt)
    assert.equal(run.error.code, 'CANCELLED')
    assert.ok(!api.worker.jobs.some((job) => job.runId === waiting.id))
  })
  it('comes with the deletion of the architecture, for those that wait', async () => {
    const { body: doomed } = await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(201)
    await running()
    const { body: run } = await create({ architectureId: doomed.id }).expect(202)
    await api.request.delete(doomed.links.self).expect(204)
    const { body: read } = await api.request.get(run.links.self).expect(200)
    assert.deepEqual([read.status, read.error.code], ['cancelled', 'ARCHITECTURE_DELETED'])
  })
})

interface Heard {
  status: number
  /** id, type and data of each event so far. */
  events: { id: number; type: string; data: any }[]
  text(): string
  closed: Promise<unknown>
  leave(): void
}

/** Listens as EventSource would. */
function listen(path: string, headers: Record<string, string> = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const request = httpGet(new URL(path, api.url), { headers: { accept: 'text/event-stream', ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('error', () => {})
      response.on('data', (part: string) => (text += part))
      resolve({
        status: response.statusCode!,
        get events() {
          return text
            .split('\n\n')
            .filter((frame) => frame.startsWith('id:'))
            .map((frame) => {
              const [id, type, data] = frame.split('\n').map((line) => line.slice(line.indexOf(': ') + 2))
              return { id: Number(id), type: type!, data: JSON.parse(data!) }
            })
        },
        text: () => text,
        closed: new Promise((done) => response.once('close', done)),
        leave: () => void request.destroy(),
      })
    })
    request.on('error', reject)
  })
}

describe('events', () => {
  it('come live, from the first on, and the stream ends with the run', async () => {
    const id = await running()
    const heard = await listen(`/v1/runs/${id}/events`)
    assert.equal(heard.status, 200)
    await until(() => heard.events.some(({ type }) => type === 'phase'), 'the phase')
    api.worker.progress(id, { samples: 17 })
    await until(() => heard.events.some(({ type, data }) => type === 'progress' && data.data.samples === 17), 'the progress')
    api.worker.finish(id)
    await heard.closed
    assert.deepEqual(
      heard.events.map(({ type }) => type),
      ['queued', 'started', 'phase', 'progress', 'succeeded'],
    )
    assert.deepEqual(
      heard.events.map((event) => event.id),
      [1, 2, 3, 4, 5],
    )
    assert.equal(heard.events[0]!.data.runId, id)
    assert.match(heard.text(), /^retry: \d+\n\n/)
  })
  it('are replayed for who comes late, and from Last-Event-ID for who comes back', async () => {
    const { body: run } = await create().expect(202)
    await ended(run.id)
    const late = await listen(run.links.events)
    await late.closed
    assert.equal(late.events.at(-1)!.type, 'succeeded')
    const back = await listen(run.links.events, { 'last-event-id': '2' })
    await back.closed
    assert.deepEqual(
      back.events.map((event) => event.id),
      late.events.map((event) => event.id).slice(2),
    )
    const over = await listen(run.links.events, { 'last-event-id': String(late.events.length) })
    assert.equal(over.status, 204)
    assert.equal((await listen(run.links.events, { 'last-event-id': 'x' })).status, 400)
    assert.equal((await listen(run.links.events, { accept: 'application/json' })).status, 406)
  })
  it('have no HEAD, which would wait for their end', async () => {
    const id = await running()
    const answer = await api.request.head(`/v1/runs/${id}/events`).expect(405)
    assert.equal(answer.headers.allow, 'GET')
  })
  it('stop being read when the client goes away', async () => {
    const id = await running()
    const listeners = async () => Number(/^archmeter_event_streams (\d+)/m.exec((await api.request.get('/metrics')).text)![1])
    const before = await listeners()
    const heard = await Promise.all(Array.from({ length: 3 }, () => listen(`/v1/runs/${id}/events`)))
    await until(async () => (await listeners()) === before + 3, 'three listeners')
    for (const each of heard) each.leave()
    await until(async () => (await listeners()) === before, 'their end')
  })
})

describe('the same measurement', () => {
  const settings = { warmupMs: 3, seed: 4242 }
  const valid: Partial<RunSuccess> = { certificate: { verdict: 'valid', reasons: [] } }
  /** Runs to the end, with the certificate given. */
  async function measured(certificate: Partial<RunSuccess>, over: object = {}): Promise<string> {
    api.worker.autoMs = null
    const { body } = await create({ settings, ...over }).expect(202)
    await until(() => api.worker.runs(body.id), 'the start of the run')
    api.worker.finish(body.id, (success) => ({ ...success, ...certificate }))
    await ended(body.id)
    api.worker.autoMs = 1
    return body.id
  }

  it('is not made twice unless asked, whoever asks and under whatever name', async () => {
    const suspect = await measured({})
    const first = await measured(valid)
    assert.notEqual(first, suspect, 'a suspect result is measured again')
    const again = await create({ settings, labels: { of: 'somebody else' }, priority: 3 }).expect(200)
    assert.equal(again.body.id, first)
    assert.equal(again.headers.location, `/v1/runs/${first}`)
    const twin = (await api.request.post('/v1/architectures').send({ ...smallNetwork(4), name: 'the same under another name' })).body.id
    assert.equal((await create({ settings, architectureId: twin }).expect(200)).body.id, first)
    const fresh = await create({ settings, fresh: true }).expect(202)
    assert.notEqual(fresh.body.id, first)
    await ended(fresh.body.id)
  })

  it('answers a request under a key, which stands for that request from then on', async () => {
    const first = await measured(valid, { batch: 6 })
    const ask = (batch: number, key: string, over: object = {}) => create({ settings, batch, ...over }, key)
    assert.equal((await ask(6, 'measured-1').expect(200)).body.id, first)
    assert.equal((await ask(7, 'measured-1').expect(409)).body.code, 'IDEMPOTENCY_CONFLICT')
    // Several keys may point at one run; each keeps its own when a newer one has measured the same.
    assert.equal((await ask(6, 'measured-2').expect(200)).body.id, first)
    const newer = await measured(valid, { batch: 6, fresh: true })
    assert.equal((await ask(6, 'measured-3').expect(200)).body.id, newer)
    assert.equal((await ask(6, 'measured-1').expect(200)).body.id, first)
    // One of two requests that come at once has the key; the other is refused.
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => ask(6, 'measured-4', { priority: i % 2 })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 409, 409, 409])
  })

  it('is another where anything differs that decides it', async () => {
    const first = await measured(valid, { batch: 2 })
    assert.equal((await create({ settings, batch: 2 }).expect(200)).body.id, first)
    for (const over of [
      { batch: 3 },
      { batch: 2, runtime: 'tfjs' },
      { batch: 2, resolution: 16 },
      { batch: 2, profile: true },
      { batch: 2, settings: { ...settings, warmupMs: 4 } },
    ]) {
      const { body } = await create({ settings, ...over }).expect(202)
      await ended(body.id)
    }
  })
})
