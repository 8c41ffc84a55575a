/** Runs over GraphQL on the whole service; a stand-in for the worker ends them when the test says so. */
import assert from 'node:assert/strict'
import { after, afterEach, before, mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { fakeSamples } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let socket: Client
let architectureId: string
before(async () => {
  api = await openTestApi()
  socket = createClient({ url: `${api.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
})
after(async () => {
  await socket.dispose()
  await api.close()
})
afterEach(async () => {
  api.worker.autoMs = 1
  api.worker.finishAll()
  await until(async () => (await api.queue.depths()).length === 0)
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await condition()); i++) await sleep(10)
  assert.ok(await condition())
}

async function post(query: string, variables: object = {}) {
  const { body } = await api.request.post('/graphql').send({ query, variables })
  return body as { data: any; errors?: any[] }
}

const create = async (over: object = {}, idempotencyKey?: string) => {
  const { data, errors } = await post(
    'mutation ($input: NewRunInput!, $key: String) { createRun(input: $input, idempotencyKey: $key) { created run { id status queue { position } } } }',
    { input: { architectureId, device: 'cpu:0', runtime: 'onnxruntime', ...over }, key: idempotencyKey },
  )
  assert.equal(errors, undefined)
  return data.createRun
}

/** A run that is executing, and stays so until the test ends it. */
const running = async (): Promise<string> => {
  api.worker.autoMs = null
  const { run } = await create()
  await until(() => api.worker.runs(run.id))
  return run.id
}

const events = (runId: string, afterSeq = 0) =>
  socket.iterate<{ runEvents: { seq: number; type: string; run: { status: string } } }>({
    query: 'subscription ($runId: ID!, $afterSeq: Int) { runEvents(runId: $runId, afterSeq: $afterSeq) { seq type run { status } } }',
    variables: { runId, afterSeq },
  })

test('a run from request to result, watched over a websocket until its end', async () => {
  const id = await running()
  const seen: { seq: number; type: string; run: { status: string } }[] = []
  for await (const { data, errors } of events(id)) {
    assert.equal(errors, undefined)
    seen.push(data!.runEvents)
    if (data!.runEvents.type === 'phase') api.worker.finish(id)
  }
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    seen.map((_, i) => i + 1),
  )
  assert.deepEqual([seen[0]!.type, seen[1]!.type, seen.at(-1)!.type], ['queued', 'started', 'succeeded'])
  assert.equal(seen.at(-1)!.run.status, 'succeeded', 'each event reads the run anew')
  assert.equal(seen.find(({ type }) => type === 'phase')!.run.status, 'running')

  // Who comes late hears them all again; who says what was heard, the rest.
  const late: number[] = []
  for await (const { data } of events(id)) late.push(data!.runEvents.seq)
  assert.deepEqual(
    late,
    seen.map(({ seq }) => seq),
  )
  const rest: number[] = []
  for await (const { data } of events(id, 2)) rest.push(data!.runEvents.seq)
  assert.deepEqual(rest, late.slice(2))
  for await (const _ of events(id, late.length)) assert.fail('all was heard')

  const { data } = await post(
    'query ($id: ID!) { run(id: $id) { status samples tail: samples(offset: 10) result { samples latencyMs { p50 p90 medianCi95 } } certificate { verdict } environment architecture { id name } } }',
    { id },
  )
  assert.equal(data.run.status, 'succeeded')
  assert.deepEqual(data.run.samples, [...fakeSamples])
  assert.deepEqual(data.run.tail, [...fakeSamples].slice(10))
  assert.equal(data.run.result.samples, fakeSamples.length)
  assert.equal(data.run.result.latencyMs.p90, null, 'too few samples')
  assert.equal(data.run.architecture.id, architectureId)
})

test('the whole run is what REST says', async () => {
  const computation = { batch: 3, resolution: '8x8' }
  const { run: earlier } = await create({ ...computation, runtime: 'tfjs', settings: { seed: 7 } })
  for await (const _ of events(earlier.id));
  const { run } = await create({ ...computation, labels: { team: 'vision' }, settings: { seed: 7, threads: 2 }, profile: true })
  for await (const _ of events(run.id));
  const { body } = await api.request.get(`/v1/runs/${run.id}`).expect(200)
  // The two fakes differ by 0.25 in their last of ten elements.
  const agreement = { runId: earlier.id, runtime: 'tfjs', elements: 10, maxAbsDifference: 0.25, maxAbs: 2.5, reason: null }
  assert.deepEqual(body.result.output.agreement, agreement)
  const { data, errors } = await post(
    `query ($id: ID!) { run(id: $id) {
      id architectureId architectureName device deviceUuid host runtime backend batch precision resolution sizes { inputShape } weights profile timeoutMs priority labels
      settings { scenario threads warmupMs minDurationMs maxDurationMs minSamples stabilityWindows stabilityTolerance driftTolerance repeatTolerance seed graphOptimization tf32 mode cudaGraph layout convSearch fuseConvBias gpuMemoryBytes }
      against { architectureId } rounds key { prefix } comparison { ratio }
      status queue { position etaMs } attempt queuedAt startedAt finishedAt cancelRequestedAt
      result {
        latencyMs { min p50 p90 p95 p99 p999 max mean stddev medianCi95 } samples callsPerSample throughputPerSecond firstRunMs loadMs sessionCached addedOps
        warmup { runs durationMs agreed } stable output { elements maxAbs first agreement { runId runtime elements maxAbsDifference maxAbs reason } } weights copiesMs { hostToDevice deviceToHost }
        profile { perLayer { layerIds ms } unattributedMs totalMs runs ceilings { compute { flopsPerSecond leastFlopsPerSecond measuredWith } memory { bytes bytesPerSecond measuredWith } durationMs } method launchBlocking kernelOverhead { ms measuredWith } }
        profileRefused { code message }
      }
      certificate { verdict reasons { code message } } environment error { code message }
    } }`,
    { id: run.id },
  )
  assert.equal(errors, undefined)
  const { links: _, ...rest } = body
  assert.deepEqual(data.run, rest)
})

test('an idempotency key makes one run', async () => {
  const first = await create({ labels: { n: '1' } }, 'key-1')
  const again = await create({ labels: { n: '1' } }, 'key-1')
  assert.deepEqual([first.created, again.created, again.run.id], [true, false, first.run.id])
  const { errors } = await post('mutation ($input: NewRunInput!) { createRun(input: $input, idempotencyKey: "key-1") { created } }', {
    input: { architectureId, device: 'cpu:0', runtime: 'onnxruntime', batch: 2 },
  })
  assert.equal(errors![0].extensions.code, 'IDEMPOTENCY_CONFLICT')
})

test('cancelling: a queued run at once, a running one by its last event, an ended one not at all', async () => {
  const cancel = (id: string) => post('mutation ($id: ID!) { cancelRun(id: $id) { id status cancelRequestedAt } }', { id })
  const first = await running()
  const { run: waiting } = await create()
  assert.equal(waiting.queue.position, 1)
  assert.equal((await cancel(waiting.id)).data.cancelRun.status, 'cancelled')
  const { data } = await cancel(first)
  assert.notEqual(data.cancelRun.cancelRequestedAt, null)
  const types: string[] = []
  for await (const { data } of events(first)) types.push(data!.runEvents.type)
  assert.equal(types.at(-1), 'cancelled')
  assert.equal((await cancel(first)).errors![0].extensions.code, 'RUN_FINISHED')
})

test('lists, filters, queue and devices', async () => {
  const id = await running()
  const { run: waiting } = await create({ labels: { suite: 'lists' } })
  const { data, errors } = await post(
    `query ($id: ID!) {
      queued: runs(status: queued) { edges { cursor node { id } } pageInfo { hasNextPage } }
      labeled: runs(label: "suite=lists", architectureId: [$id], runtime: onnxruntime, device: "cpu:0") { edges { node { id } } }
      architecture(id: $id) { runs(first: 1, status: running) { edges { node { id } } pageInfo { hasNextPage endCursor } } }
      queue { device running { runId etaMs run { status } } waiting { runId position run { labels } } waitingCount }
      devices { name address uuid local runtimes { runtime usable reason command capabilities { precisions maxThreads } } }
      absentDevices { host kind reason }
    }`,
    { id: architectureId },
  )
  assert.equal(errors, undefined)
  const ids = (connection: any) => connection.edges.map(({ node }: any) => node.id)
  assert.deepEqual([ids(data.queued), ids(data.labeled), ids(data.architecture.runs)], [[waiting.id], [waiting.id], [id]])
  const queue = data.queue.find(({ device }: any) => device === 'cpu:0')
  assert.deepEqual([queue.running.runId, queue.running.run.status, queue.waitingCount], [id, 'running', 1])
  assert.deepEqual(queue.waiting, [{ runId: waiting.id, position: 1, run: { labels: { suite: 'lists' } } }])
  const rest = (await api.request.get('/v1/devices').expect(200)).body
  assert.deepEqual(
    data.devices.map(({ uuid }: any) => uuid),
    rest.items.map(({ uuid }: any) => uuid),
  )
  assert.deepEqual(
    data.absentDevices,
    rest.absent.map(({ host, kind, reason }: any) => ({ host, kind, reason })),
  )
})

test('the architectures of N runs cost one query', async () => {
  const others = await Promise.all(
    [5, 6, 7].map(async (n) => (await api.request.post('/v1/architectures').send(smallNetwork(n))).body.id as string),
  )
  for (const id of [architectureId, ...others])
    for (let i = 0; i < 3; i++) for await (const _ of events((await create({ architectureId: id })).run.id));
  // What was read of an architecture is kept for a second.
  await sleep(1100)
  const reads = mock.method(api.store.architectures, 'getSummaries')
  try {
    const { data, errors } = await post('{ runs(first: 12) { edges { node { architecture { name } } } } }')
    assert.equal(errors, undefined)
    assert.equal(new Set(data.runs.edges.map(({ node }: any) => node.architecture.name)).size, 4)
    assert.equal(data.runs.edges.length, 12)
    assert.equal(reads.mock.callCount(), 1, 'one for all of them')
  } finally {
    reads.mock.restore()
  }
})

test('a run outlives its architecture', async () => {
  const { body } = await api.request.post('/v1/architectures').send(smallNetwork(8)).expect(201)
  const { run } = await create({ architectureId: body.id })
  for await (const _ of events(run.id));
  await api.request.delete(`/v1/architectures/${body.id}`).expect(204)
  const { data, errors } = await post('query ($id: ID!) { run(id: $id) { status architectureId architecture { id } } }', { id: run.id })
  assert.equal(errors, undefined)
  assert.deepEqual(data.run, { status: 'succeeded', architectureId: body.id, architecture: null })
})

test('errors carry the codes of REST', async () => {
  const none = '01890a5d-ac96-774b-bcce-b302099a8057'
  const input = (over: string) => `{ architectureId: "${architectureId}", device: "cpu:0", runtime: onnxruntime, ${over} }`
  const cases: [string, string][] = [
    [`{ run(id: "${none}") { id } }`, 'RUN_NOT_FOUND'],
    [`mutation { cancelRun(id: "${none}") { id } }`, 'RUN_NOT_FOUND'],
    [`mutation { createRun(input: ${input('batch: 0')}) { created } }`, 'INVALID_REQUEST'],
    [`mutation { createRun(input: ${input('settings: { threads: -1 }')}) { created } }`, 'INVALID_REQUEST'],
    [`mutation { createRun(input: ${input('precision: float16')}) { created } }`, 'UNSUPPORTED_BY_RUNTIME'],
    [`mutation { createRun(input: ${input('resolution: "1x1"')}) { created } }`, 'INVALID_RESOLUTION'],
    [`mutation { createRun(input: { architectureId: "${none}", device: "cpu:0", runtime: tfjs }) { created } }`, 'ARCHITECTURE_NOT_FOUND'],
    [
      `mutation { createRun(input: { architectureId: "${architectureId}", device: "cuda:7", runtime: tfjs }) { created } }`,
      'DEVICE_NOT_FOUND',
    ],
    [
      `mutation { createRun(input: { architectureId: "${architectureId}", device: "cuda:0", runtime: tfjs }) { created } }`,
      'AMBIGUOUS_DEVICE',
    ],
    [
      `mutation { createRun(input: { architectureId: "${architectureId}", device: "cuda:1", runtime: tfjs }) { created } }`,
      'DEVICE_UNAVAILABLE',
    ],
    [`mutation { createRun(input: ${input('')}, idempotencyKey: "two words") { created } }`, 'INVALID_REQUEST'],
  ]
  for (const [query, code] of cases) assert.equal((await post(query)).errors?.[0].extensions.code, code, query)
  const id = await running()
  assert.equal((await post(`{ run(id: "${id}") { samples } }`)).errors![0].extensions.code, 'NO_SAMPLES')
  const refused = await new Promise<any>((resolve) =>
    socket.subscribe(
      { query: `subscription { runEvents(runId: "${none}") { seq } }` },
      { next: ({ errors }) => resolve(errors![0]), error: (errors) => resolve((errors as any[])[0]), complete() {} },
    ),
  )
  assert.equal(refused.extensions.code, 'RUN_NOT_FOUND')
})

test('watching a run that never ends does not hold up the end of the service', async () => {
  const other = await openTestApi()
  const client = createClient({ url: `${other.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
  try {
    const { body } = await other.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)
    other.worker.autoMs = null
    const run = (
      await other.request.post('/v1/runs').send({ architectureId: body.id, device: 'cpu:0', runtime: 'onnxruntime' }).expect(202)
    ).body
    let heard = 0
    client.subscribe(
      { query: `subscription { runEvents(runId: "${run.id}") { seq } }` },
      { next: () => void heard++, error() {}, complete() {} },
    )
    await until(() => heard >= 3)
  } finally {
    const began = performance.now()
    await other.close()
    assert.ok(performance.now() - began < 5000)
    await client.dispose()
  }
})
