import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { storeKind } from '../store/helper.ts'
import { lectureAlexNet, openTestApi, smallNetwork, type TestApi } from './helper.ts'

type Json = Record<string, any>

let api: TestApi
let document: Json
let ajv: Ajv2020
/** `operationId status` of every answer that was held against the document. */
const seen = new Set<string>()

before(async () => {
  api = await openTestApi()
  document = (await api.request.get('/openapi.json').expect(200)).body
  ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
  })
  ajv.addVocabulary(['example'])
  formats.default(ajv)
  ajv.addSchema({ $id: 'openapi', components: document.components })
})
after(() => api.close())

/** The document's schema for this answer, closed: what is not documented is an error as well. */
function schemaOf(operation: Json, status: number, type: string): ValidateFunction | null {
  const name = `${operation.operationId} ${status} ${type}`
  if (!compiled.has(name)) compiled.set(name, compileSchemaOf(operation, status, type))
  return compiled.get(name)!
}
const compiled = new Map<string, ValidateFunction | null>()

function compileSchemaOf(operation: Json, status: number, type: string): ValidateFunction | null {
  const response = operation.responses[status]
  assert.ok(response, `${operation.operationId} answered ${status}, which is not documented`)
  const schema = response.content?.[type]?.schema
  if (!schema) {
    assert.equal(response.content, undefined, `${operation.operationId} ${status} answered ${type}, which is not documented`)
    return null
  }
  return ajv.compile(JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/components', '"openapi#/components')))
}

/** Objects that say nothing of other keys take none, so that an undocumented one is found. */
function closed(schema: Json): Json {
  const resolve = (node: any): any => {
    if (Array.isArray(node)) return node.map(resolve)
    if (typeof node !== 'object' || node === null) return node
    if (typeof node.$ref === 'string') return resolve(document.components.schemas[node.$ref.split('/').at(-1)])
    const copy = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, key === 'examples' || key === 'default' ? value : resolve(value)]),
    )
    if (copy.type === 'object' && copy.properties && copy.additionalProperties === undefined) copy.additionalProperties = false
    return copy
  }
  return resolve(schema)
}

async function call(
  method: string,
  template: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
) {
  const operation = document.paths[template][method.toLowerCase()]
  const answer = await fetch(api.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  const validate = schemaOf(operation, answer.status, type)
  const value = /json/.test(type) ? JSON.parse(text) : text
  if (validate && type !== 'text/event-stream')
    assert.ok(validate(value), `${operation.operationId} ${answer.status}: ${ajv.errorsText(validate.errors)}`)
  for (const header of Object.keys(operation.responses[answer.status].headers ?? {})) assert.ok(answer.headers.get(header), header)
  seen.add(`${operation.operationId} ${answer.status}`)
  return value as Json
}

describe('openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    assert.equal(document.openapi, '3.1.0')
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
  })

  it('has schemas that are valid JSON Schema 2020-12', () => {
    for (const [name, schema] of Object.entries(document.components.schemas) as [string, Json][])
      assert.ok(ajv.validateSchema(JSON.parse(JSON.stringify(schema))), name)
  })

  it('is the file that client generators read', async () => {
    const file = JSON.parse(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8'))
    assert.deepEqual(document, file, 'run npm run schemas')
  })

  it('names every operation once, with a summary and a tag', () => {
    const ids = new Set<string>()
    for (const path of Object.values(document.paths) as Json[])
      for (const operation of Object.values(path)) {
        assert.ok(operation.summary && operation.tags.length === 1)
        assert.ok(!ids.has(operation.operationId))
        ids.add(operation.operationId)
      }
  })

  it('documents every answer that the service gives', async () => {
    const architectures = '/v1/architectures'
    const first = await call('POST', architectures, architectures, { body: lectureAlexNet })
    await call('POST', architectures, architectures, { body: lectureAlexNet })
    await call('POST', architectures, architectures, { body: {} })
    await call('POST', architectures, architectures, { body: { name: 'x', layers: [{ type: 'Conv' }] } })
    const zoo = await call('POST', architectures, architectures, { body: { name: 'x', zoo: { preset: 'squeezenet1_1' } } })
    await call('GET', architectures, architectures)
    await call('GET', architectures, `${architectures}?limit=0`)
    const one = '/v1/architectures/{id}'
    await call('GET', one, zoo.links.self)
    await call('GET', one, `${architectures}/none`)
    await call('GET', `${one}/graph`, zoo.links.graph)
    const costs = await fetch(api.url + first.links.costs)
    await call('GET', `${one}/costs`, first.links.costs)
    await call('GET', `${one}/costs`, `${zoo.links.costs}?convention=full`, { headers: { accept: 'text/csv' } })
    await call('GET', `${one}/costs`, first.links.costs, { headers: { 'if-none-match': costs.headers.get('etag')! } })
    await call('GET', `${one}/costs`, first.links.costs, { headers: { accept: 'image/png' } })
    await call('GET', `${one}/costs`, `${first.links.costs}?resolution=3`)
    await call('GET', `${one}/export`, `${first.links.self}/export?format=onnx`)
    await call('GET', `${one}/export`, `${first.links.self}/export?format=pdf`)
    await call('GET', `${one}/export`, `${first.links.self}/export?format=onnx&resolution=3`)
    await call('GET', `${one}/costs/explain`, `${first.links.costs}/explain?from=full&to=ptflops`)
    await call('GET', `${one}/costs/explain`, `${first.links.costs}/explain?from=full&to=ptflop`)
    await call('GET', `${one}/costs/explain`, `${first.links.costs}/explain?from=full`)
    await call('GET', `${one}/costs`, `${first.links.costs}?groupBy=stage&sort=macs&top=2`)
    await call('GET', '/v1/compare', '/v1/compare?architectures=alexnet_lecture,vgg16_lecture')
    await call('GET', '/v1/compare', '/v1/compare?architectures=resnet18,none')
    await call('GET', '/v1/zoo', '/v1/zoo')
    const { body: families } = await api.request.get('/v1/zoo')
    for (const family of families.items) await call('GET', '/v1/zoo/{family}', family.links.self)
    await call('GET', '/v1/zoo/{family}', '/v1/zoo/none')
    await call('GET', '/v1/conventions', '/v1/conventions')
    await call('GET', '/v1/devices', '/v1/devices')
    await call('PATCH', '/v1/devices/{id}', '/v1/devices/cpu:0', { body: { state: 'active' } })
    await call('PATCH', '/v1/devices/{id}', '/v1/devices/cpu:9', { body: { state: 'active' } })

    // Nothing is sent: no run here gets another priority, and nobody delivers the test.
    const [hooks, hook, deliveries] = ['/v1/webhooks', '/v1/webhooks/{id}', '/v1/webhook-deliveries']
    const webhook = await call('POST', hooks, hooks, { body: { url: 'https://1.1.1.1/', events: ['reprioritized'] } })
    await call('POST', hooks, hooks, { body: { url: 'https://10.0.0.1/', events: ['reprioritized'] } })
    await call('GET', hooks, hooks)
    await call('GET', hook, `${hooks}/${webhook.id}`)
    await call('GET', hook, `${hooks}/none`)
    await call('POST', `${hook}/secret`, `${hooks}/${webhook.id}/secret`)
    await api.services.deliverer.stop()
    const sent = await call('POST', `${hook}/test`, `${hooks}/${webhook.id}/test`)
    await call('GET', deliveries, deliveries)
    await call('GET', `${deliveries}/{id}`, `${deliveries}/${sent.id}`)
    await call('POST', `${deliveries}/{id}/redeliver`, `${deliveries}/${sent.id}/redeliver`)
    await call('PATCH', hook, `${hooks}/${webhook.id}`, { body: { enabled: false } })
    await call('POST', `${hook}/test`, `${hooks}/${webhook.id}/test`)
    await call('DELETE', hook, `${hooks}/${webhook.id}`)
    await call('GET', '/healthz', '/healthz')
    await call('GET', '/readyz', '/readyz')

    const runs = '/v1/runs'
    const small = await call('POST', architectures, architectures, { body: smallNetwork(9) })
    const body = { architectureId: small.id, device: 'cpu:0', runtime: 'onnxruntime', profile: true, labels: { a: 'b' }, resolution: 8 }
    const done = await call('POST', runs, runs, { body, headers: { 'idempotency-key': 'once' } })
    await call('POST', runs, runs, { body, headers: { 'idempotency-key': 'once' } })
    await call('POST', runs, runs, { body: { ...body, batch: 2 }, headers: { 'idempotency-key': 'once' } })
    await call('POST', runs, runs, { body: { ...body, device: 'cpu:9' } })
    await call('POST', runs, runs, { body: { ...body, precision: 'float16' } })
    while ((await call('GET', '/v1/runs/{id}', done.links.self)).status !== 'succeeded') await sleep(10)
    const [sweeps, oneSweep] = ['/v1/sweeps', '/v1/sweeps/{id}']
    const swept = { architectureId: small.id, device: 'cpu:0', runtime: 'onnxruntime', batches: [1, 2] }
    const sweep = await call('POST', sweeps, sweeps, { body: swept, headers: { 'idempotency-key': 'swept' } })
    await call('POST', sweeps, sweeps, { body: swept, headers: { 'idempotency-key': 'swept' } })
    await call('GET', sweeps, sweeps)
    while ((await call('GET', oneSweep, sweep.links.self)).status !== 'finished') await sleep(10)
    await call('DELETE', oneSweep, sweep.links.self)
    api.worker.autoMs = null
    await call('DELETE', oneSweep, (await call('POST', sweeps, sweeps, { body: { ...swept, fresh: true } })).links.self)
    api.worker.autoMs = 1
    await call('GET', '/v1/runs/{id}/compare', `${done.links.self}/compare?with=${done.id}`)
    await call('GET', '/v1/runs/{id}/samples', done.links.samples)
    await call('GET', '/v1/runs/{id}/samples', `${done.links.samples}?points=5`)
    await call('GET', '/v1/runs/{id}/histogram', `${done.links.self}/histogram?bins=5`)
    await call('GET', '/v1/runs/{id}/samples', done.links.samples, { headers: { accept: 'text/csv' } })
    await call('GET', '/v1/runs/{id}/profile', done.links.profile)
    await call('GET', '/v1/runs/{id}/profile', done.links.profile, { headers: { accept: 'text/csv' } })
    const events = (await call('GET', '/v1/runs/{id}/events', done.links.events)) as unknown as string
    const validate = schemaOf(document.paths['/v1/runs/{id}/events'].get, 200, 'text/event-stream')!
    const validateData = ajv.compile(closed(document.components.schemas.RunEvent))
    const messages: Json[] = events
      .split('\n\n')
      .map((block) => Object.fromEntries(block.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)?.slice(1) ?? ['', line])))
      .filter((message) => 'data' in message)
    assert.ok(messages.length >= 3)
    for (const message of messages) {
      assert.ok(validate(message), ajv.errorsText(validate.errors))
      const data: Json = JSON.parse(message.data)
      assert.ok(validateData(data), ajv.errorsText(validateData.errors))
      assert.deepEqual([message.id, message.event], [String(data.seq), data.type])
    }
    // The stream of everything never ends: its first event is read.
    const live = await fetch(`${api.url}/v1/events`)
    const reader = live.body!.getReader()
    let heard = ''
    while (!/^id: .*\n\n$/ms.test(heard)) heard += new TextDecoder().decode((await reader.read()).value)
    await reader.cancel()
    const [, id, event, data] = /id: (.*)\nevent: (.*)\ndata: (.*)\n\n/.exec(heard)!
    assert.ok(schemaOf(document.paths['/v1/events'].get, live.status, 'text/event-stream')!({ id, event, data }), heard)
    const validateLive = ajv.compile(closed(document.components.schemas.LiveEvent))
    assert.ok(validateLive(JSON.parse(data!)), ajv.errorsText(validateLive.errors))
    seen.add(`watchAll ${live.status}`)
    await call('GET', '/v1/runs/{id}/events', done.links.events, { headers: { 'last-event-id': String(messages.length) } })
    await call('DELETE', '/v1/runs/{id}', done.links.self)

    const predicted = `${first.links.self}/prediction?device=cpu:0&runtime=onnxruntime`
    await call('GET', `${one}/prediction`, predicted)
    for (const channels of [11, 12, 13, 14, 15]) {
      const { id: architectureId } = await call('POST', architectures, architectures, { body: smallNetwork(channels) })
      const { links } = await call('POST', runs, runs, { body: { ...body, architectureId, settings: {} } })
      while (!(await call('GET', '/v1/runs/{id}', links.self)).finishedAt) await sleep(10)
    }
    await call('GET', `${one}/prediction`, predicted)
    for (const way of ['stage', 'tower']) await call('GET', `${one}/placement`, `${first.links.self}/placement?by=${way}`)
    await call('GET', '/v1/recommend', '/v1/recommend?device=cpu:0&runtime=onnxruntime&maxLatencyMs=100')
    await call('GET', '/v1/recommend', '/v1/recommend?device=cpu:9')
    api.worker.autoMs = null
    const busy = await call('POST', runs, runs, { body })
    while (!api.worker.runs(busy.id)) await sleep(10)
    const waiting = await call('POST', runs, runs, { body })
    await call('GET', runs, `${runs}?status=queued`)
    await call('GET', '/v1/queue', '/v1/queue')
    await call('GET', '/v1/runs/{id}/samples', waiting.links.samples)
    await call('GET', '/v1/runs/{id}/profile', waiting.links.profile)
    await call('PATCH', '/v1/runs/{id}', waiting.links.self, { body: { priority: 3 } })
    await call('POST', '/v1/runs/cancel', '/v1/runs/cancel', { body: { label: ['none'] } })
    await call('DELETE', '/v1/runs/{id}', waiting.links.self)
    await call('DELETE', '/v1/runs/{id}', busy.links.self)
    await call('GET', '/v1/runs/{id}', `${runs}/none`)
    const rewriting = `${one}/rewrites`
    const recipe = [{ rewrite: 'grouped' }]
    await call('GET', '/v1/rewrites', '/v1/rewrites')
    await call('GET', `${one}/advice`, `${first.links.self}/advice?gflopsPerSecond=10000&gigabytesPerSecond=500`)
    await call('GET', `${one}/advice`, `${first.links.self}/advice?gflopsPerSecond=1`)
    await call('GET', `${one}/memory`, `${first.links.self}/memory`)
    await call('GET', '/v1/recommend', '/v1/recommend?maxParams=100000')
    await call('GET', '/v1/recommend', '/v1/recommend?maxMacs=0')
    await call('GET', '/v1/recommend', '/v1/recommend?objective=efficiency&maxPeakBytes=10000000')
    await call('POST', rewriting, `${zoo.links.self}/rewrites`, { body: { recipe } })
    const shown = await call('POST', rewriting, `${first.links.self}/rewrites`, { body: { recipe, preview: true } })
    assert.equal(shown.architecture, null)
    await call('POST', rewriting, `${first.links.self}/rewrites`, { body: { recipe: [{ rewrite: 'none' }] } })
    await call('DELETE', one, zoo.links.self)
    await call('DELETE', one, zoo.links.self)

    // From here on every call needs the key.
    const [session, ofKeys, ofKey] = ['/v1/session', '/v1/keys', '/v1/keys/{id}']
    await call('GET', session, session)
    await call('POST', session, session, { body: { key: 'amk_' } })
    await call('DELETE', session, session)
    const made = await call('POST', ofKeys, ofKeys, { body: { name: 'root', role: 'admin' } })
    const headers = { authorization: `Bearer ${made.key}` }
    await call('GET', ofKeys, ofKeys, { headers })
    await call('GET', ofKeys, ofKeys)
    await call('GET', ofKey, `${ofKeys}/${made.id}`, { headers })
    await call('GET', ofKey, `${ofKeys}/${small.id}`, { headers })
    await call('GET', '/v1/audit', '/v1/audit', { headers })
    await call('POST', session, session, { body: { key: made.key } })
    await call('POST', session, session, { body: { key: 'amk_' } })
    const quotas = { runsPerHour: 1, deviceSecondsPerDay: null, bytesStored: null }
    await call('PUT', `${ofKey}/quotas`, `${ofKeys}/${made.id}/quotas`, { headers, body: quotas })
    await call('PATCH', ofKey, `${ofKeys}/${made.id}`, { headers, body: { weight: 3 } })
    await call('GET', `${ofKey}/usage`, `${ofKeys}/${made.id}/usage`, { headers })
    await call('GET', '/v1/usage', '/v1/usage', { headers })
    // Postgres has a tool of its own for it, and the answer says so.
    const backup = await fetch(`${api.url}/v1/backup`, { headers })
    await backup.body!.cancel()
    assert.equal(backup.status, storeKind === 'postgres' ? 409 : 200)
    seen.add('getBackup 200')
    // It would make a whole backup for its headers.
    assert.equal((await fetch(`${api.url}/v1/backup`, { method: 'HEAD', headers })).status, 405)
    const archive = await fetch(`${api.url}/v1/export`, { headers })
    await archive.body!.cancel()
    assert.deepEqual([archive.status, archive.headers.get('content-type')], [200, 'application/x-tar'])
    seen.add('exportEverything 200')
    const { items: lines } = await call('GET', '/v1/audit', '/v1/audit?action=getBackup', { headers })
    const outcome = backup.ok ? 'done' : 'BACKUP_BY_PG_DUMP'
    assert.deepEqual(
      lines.map((line: Json) => [line.keyId, line.outcome]),
      [[made.id, outcome]],
    )
    await call('DELETE', ofKey, `${ofKeys}/${made.id}`, { headers })
    const other = await call('POST', ofKeys, ofKeys, { body: { name: 'other', role: 'reader' }, headers })
    await call('DELETE', ofKey, `${ofKeys}/${other.id}`, { headers })

    const missed: string[] = []
    for (const path of Object.values(document.paths) as Json[])
      for (const { operationId, responses } of Object.values(path) as Json[])
        for (const status of Object.keys(responses))
          if (Number(status) < 400 && !seen.has(`${operationId} ${status}`)) missed.push(`${operationId} ${status}`)
    assert.deepEqual(missed, [])
  })
})
