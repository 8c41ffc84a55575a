/** Traces: a local collector of OTLP/HTTP reads what the service sends of a request, its run and its worker's phases. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { otlpHeaders } from '../../src/api/otlp.ts'
import { startTracing } from '../../src/api/tracing.ts'
import { sql } from '../../src/store/drizzle.ts'
import { openTestApi, smallNetwork, type TestApi } from './helper.ts'

/** A span as OTLP writes it in JSON (opentelemetry-proto: ids in hexadecimal, times in ns, kinds by number). */
interface Sent {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code?: number }
}
const kinds = { internal: 1, server: 2, consumer: 5 }

const received: Sent[] = []
const resources: Record<string, unknown>[] = []
const requests: { url: string | undefined; type: string | undefined; token: string | undefined }[] = []
let answer = 200
const collector = createServer(async (request, reply) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  requests.push({ url: request.url, type: request.headers['content-type'], token: request.headers['x-token'] as string | undefined })
  if (answer === 200)
    for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(parts).toString('utf8')).resourceSpans) {
      resources.push(valuesOf(resource))
      for (const { spans } of scopeSpans) received.push(...spans)
    }
  reply.writeHead(answer, { 'content-type': 'application/json' }).end('{}')
})
const valuesOf = ({ attributes }: Pick<Sent, 'attributes'>): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, 'intValue' in value ? Number(value.intValue) : Object.values(value)[0]]))

let api: TestApi
let stop: () => Promise<void>
const logged: [object, string][] = []
const log = {
  info: (data: object, text: string) => void logged.push([data, text]),
  warn: (data: object, text: string) => void logged.push([data, text]),
}
let endpoint: string
before(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  endpoint = `http://127.0.0.1:${(collector.address() as { port: number }).port}`
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'x-token=a%20b', OTEL_SERVICE_NAME: 'lab' }
  api = await openTestApi(env)
  stop = (await startTracing(api.config, log, 100))!
})
after(async () => {
  await stop?.()
  await api?.close()
  collector.close()
})

/** Spans of one trace, once there are so many: a batch is sent every five seconds. */
async function ofTrace(traceId: string, count: number): Promise<Sent[]> {
  for (let tries = 0; ; tries++) {
    const found = received.filter((span) => span.traceId === traceId)
    if (found.length >= count) return found
    assert.ok(tries < 300, `${found.length} of ${count} spans: ${found.map(({ name }) => name)}`)
    await sleep(50)
  }
}

describe('a run asked for within a trace', () => {
  for (const face of ['rest', 'graphql'] as const)
    it(`${face}: the request, its wait, its execution and its phases are one trace, the caller's`, async () => {
      const architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(face === 'rest' ? 4 : 5))).body.id
      const traceId = randomBytes(16).toString('hex')
      const caller = randomBytes(8).toString('hex')
      const traceparent = `00-${traceId}-${caller}-01`
      const input = { architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true }
      const post = (path: string, body: object) => api.request.post(path).set('traceparent', traceparent).send(body)
      const query = 'mutation ($input: NewRunInput!) { createRun(input: $input) { run { id } } }'
      const { body } = face === 'rest' ? await post('/v1/runs', input) : await post('/graphql', { query, variables: { input } })
      assert.ok(face === 'rest' || body.data, JSON.stringify(body))
      const runId = face === 'rest' ? body.id : body.data.createRun.run.id
      assert.equal((await api.request.get(`/v1/runs/${runId}?wait=30`)).body.status, 'succeeded')

      const spans = await ofTrace(traceId, 4)
      const named = (name: string) => {
        const found = spans.filter((span) => span.name === name)
        assert.equal(found.length, 1, `${name}: ${spans.map((span) => span.name)}`)
        return found[0]!
      }
      const request = named(face === 'rest' ? 'POST /v1/runs' : 'POST /graphql')
      const [wait, run, loading] = [named('wait cpu:0'), named('process cpu:0'), named('loading')]
      assert.equal(spans.length, 4, `${spans.map((span) => span.name)}`)
      assert.equal(request.parentSpanId, caller)
      assert.deepEqual([wait.parentSpanId, run.parentSpanId, loading.parentSpanId], [request.spanId, request.spanId, run.spanId])
      assert.deepEqual(
        [request, wait, run, loading].map(({ kind }) => kind),
        [kinds.server, kinds.internal, kinds.consumer, kinds.internal],
      )
      const http = valuesOf(request)
      assert.deepEqual(
        [http['http.request.method'], http['http.route'], http['http.response.status_code']],
        ['POST', face === 'rest' ? '/v1/runs' : '/graphql', face === 'rest' ? 202 : 200],
      )
      const told = valuesOf(run)
      const { attempt, deviceUuid, keyId } = (await api.store.runs.get(runId))!
      assert.deepEqual(
        {
          id: told['archmeter.run.id'],
          device: told['archmeter.device'],
          uuid: told['archmeter.device.uuid'],
          attempt: told['archmeter.run.attempt'],
          status: told['archmeter.run.status'],
          verdict: told['archmeter.certificate.verdict'],
          key: told['archmeter.key.id'],
        },
        { id: runId, device: 'cpu:0', uuid: deviceUuid, attempt, status: 'succeeded', verdict: 'suspect', key: keyId ?? undefined },
      )
      const { rows } = await api.store.db.execute(sql`SELECT traceparent FROM runs WHERE id = ${runId}::uuid`)
      assert.equal(rows[0]!.traceparent, `00-${traceId}-${request.spanId}-01`, 'kept with the run, so that another service goes on')
      for (const span of spans) assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name)
    })
})

it('a run that fails is an error with its code; without a caller a trace begins here; what is not sampled is not sent', async () => {
  const architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(6))).body.id
  api.worker.autoMs = null
  const create = async (header: Record<string, string> = {}) => {
    const request = api.request.post('/v1/runs').set(header)
    return (await request.send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true }).expect(202)).body.id
  }
  const silent = randomBytes(16).toString('hex')
  const unsampled = await create({ traceparent: `00-${silent}-${randomBytes(8).toString('hex')}-00` })
  while (!api.worker.runs(unsampled)) await sleep(5)
  api.worker.finish(unsampled)
  const failing = await create()
  while (!api.worker.runs(failing)) await sleep(5)
  api.worker.finish(failing, { outcome: 'failed', failure: { code: 'OUT_OF_MEMORY', message: 'scripted' } })
  for (let tries = 0; ; tries++) {
    const run = received.find((span) => span.name === 'process cpu:0' && valuesOf(span)['archmeter.run.id'] === failing)
    if (run) {
      // 2: STATUS_CODE_ERROR.
      assert.deepEqual(
        [run.status.code, valuesOf(run)['error.type'], valuesOf(run)['archmeter.run.status']],
        [2, 'OUT_OF_MEMORY', 'failed'],
      )
      const [request] = received.filter((span) => span.spanId === run.parentSpanId)
      assert.ok(request && !request.parentSpanId, 'begins here')
      break
    }
    assert.ok(tries < 300)
    await sleep(50)
  }
  assert.deepEqual(
    received.filter(({ traceId }) => traceId === silent),
    [],
  )
  api.worker.autoMs = 1
})

it('health and metrics are not traced; the resource says which service; headers reach the collector', async () => {
  await api.request.get('/healthz').expect(200)
  await api.request.get('/metrics').expect(200)
  await api.request
    .get('/v1/conventions')
    .set('traceparent', `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`)
    .expect(200)
  await ofTrace('ab'.repeat(16), 1)
  assert.deepEqual(
    received.filter(({ name }) => /healthz|metrics/.test(name)),
    [],
  )
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.deepEqual(
    [resources[0]!['service.name'], resources[0]!['service.version'], resources[0]!['process.pid']],
    ['lab', version, process.pid],
  )
  for (const { url, type, token } of requests) assert.deepEqual([url, type, token], ['/v1/traces', 'application/json', 'a b'])
})

it('a collector that refuses costs a line in the log, and one when it takes spans again', async () => {
  answer = 400
  await api.request
    .get('/v1/conventions')
    .set('traceparent', `00-${'12'.repeat(16)}-${'cd'.repeat(8)}-01`)
    .expect(200)
  const said = (text: RegExp) => logged.filter(([, line]) => text.test(line)).length
  for (let tries = 0; said(/does not take/) === 0; tries++, await sleep(50)) assert.ok(tries < 300)
  answer = 200
  await api.request
    .get('/v1/conventions')
    .set('traceparent', `00-${'34'.repeat(16)}-${'cd'.repeat(8)}-01`)
    .expect(200)
  await ofTrace('34'.repeat(16), 1)
  for (let tries = 0; said(/takes spans again/) === 0; tries++, await sleep(50)) assert.ok(tries < 300)
  assert.deepEqual([said(/does not take/), said(/takes spans again/)], [1, 1])
  assert.ok(!JSON.stringify(logged).includes('a b'), 'headers are secret')
})

it('without an endpoint nothing of the SDK is loaded', () => {
  const check = (env: Record<string, string>) => {
    const code = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load(url, context, next) { if (/@opentelemetry\\/(?!api)/.test(url)) loaded.push(url); return next(url, context) } })
      const { startTracing } = await import('./src/api/tracing.ts')
      const { readConfig } = await import('./src/api/config.ts')
      await import('./src/api/start.ts')
      const stop = await startTracing(readConfig(${JSON.stringify(env)}), { info() {}, warn() {} })
      await stop?.()
      console.log(loaded.length)`
    const root = new URL('../..', import.meta.url)
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' })
    assert.match(stdout, /^\d+\n$/, stderr)
    return Number(stdout)
  }
  assert.equal(check({}), 0)
  assert.ok(check({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }) > 10)
})

it('spans say which key asked, by its id and never by itself', async () => {
  const { id, key } = (await api.request.post('/v1/keys').send({ name: 'ada', role: 'admin' }).expect(201)).body
  const asked = api.request.post('/v1/architectures').set('authorization', `Bearer ${key}`)
  const architectureId = (await asked.send(smallNetwork(7)).expect(201)).body.id
  const traceId = randomBytes(16).toString('hex')
  await api.request
    .post('/v1/runs')
    .set({ authorization: `Bearer ${key}`, traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` })
    .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true })
    .expect(202)
  const spans = await ofTrace(traceId, 4)
  const named = (name: RegExp) => valuesOf(spans.find((span) => name.test(span.name))!)
  assert.deepEqual([named(/^POST/)['archmeter.key.id'], named(/^POST/)['archmeter.role']], [id, 'admin'])
  assert.deepEqual([named(/^wait/)['archmeter.key.id'], named(/^process/)['archmeter.key.id']], [id, id])
  assert.ok(!JSON.stringify(received).includes(key))
})

it('headers are read as the specification writes them', () => {
  assert.deepEqual(otlpHeaders('authorization=Basic%20YTpi, x-a=1=2'), { authorization: 'Basic YTpi', 'x-a': '1=2' })
  assert.deepEqual(otlpHeaders(undefined), {})
})
