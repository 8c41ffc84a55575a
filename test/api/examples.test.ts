/** Each request of the documentation, sent as the page at /docs shows it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { exampleKey } from '../../src/api/features/keys/schema.ts'
import { exampleId } from '../../src/api/schemas.ts'
import { storeKind } from '../store/helper.ts'
import { openTestApi, type TestApi } from './helper.ts'

type Json = Record<string, any>

let api: TestApi
let document: Json
before(async () => {
  api = await openTestApi()
  document = (await api.request.get('/openapi.json').expect(200)).body
})
after(() => api.close())

/** What the page puts into a query: what is required, and what has a default or an example. */
function queryOf(operation: Json): string {
  const query = new URLSearchParams()
  for (const { name, in: place, required, example, schema } of operation.parameters ?? []) {
    if (place !== 'query') continue
    const value = example ?? schema.examples?.[0] ?? schema.default ?? (required ? schema.enum?.[0] : undefined)
    assert.ok(value !== undefined || !required, `${operation.operationId} has no example of ${name}`)
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `?${query}` : ''
}

/** The bodies that the page offers. None is made from the schema alone, which would be of empty strings. */
function bodiesOf(operation: Json): Json[] {
  const json = operation.requestBody?.content['application/json']
  if (!json) return []
  const bodies = json.example ? [json.example] : Object.values(json.examples ?? {}).map((each: any) => each.value)
  assert.ok(bodies.length > 0, `${operation.operationId} has no example of its body`)
  return bodies
}

/** The key that the example makes: from then on every call needs one. */
let key: string | undefined

const send = (method: string, path: string, body: Json | undefined) =>
  fetch(api.url + path, {
    method: method.toUpperCase(),
    headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...(key ? { authorization: `Bearer ${key}` } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })

/** A stream of events has no end. */
async function beginning(answer: Response): Promise<string> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    const text = await answer.text()
    if (answer.url.endsWith('/v1/keys') && answer.status === 201) key = JSON.parse(text).key
    return text.slice(0, 300)
  }
  await answer.body!.cancel()
  return 'events'
}

describe('a request as the documentation shows it', () => {
  it('works, or says that the id in it is an example', async () => {
    for (const [template, methods] of Object.entries(document.paths as Json))
      for (const [method, operation] of Object.entries(methods as Record<string, Json>))
        for (const body of [...bodiesOf(operation), ...(operation.requestBody ? [] : [undefined])]) {
          const path = template.replace('{family}', 'resnet') + queryOf(operation)
          const answer = await send(method, path, body)
          const said = `${operation.operationId} answered ${answer.status}: ${await beginning(answer)}`
          const places = template.includes('{id}') || JSON.stringify(body ?? null).includes(exampleId)
          if (places) assert.equal(answer.status, 404, said)
          else if (body?.key === exampleKey) assert.equal(answer.status, 401, said)
          // A server's database is backed up by pg_dump, as the answer says.
          else if (operation.operationId === 'getBackup' && storeKind === 'postgres') assert.equal(answer.status, 409, said)
          else assert.ok(answer.status < 300, said)
          assert.ok(operation.responses[answer.status], said)
        }
  })

  it('works once the id is one of yours', async () => {
    const [body] = bodiesOf(document.paths['/v1/architectures'].post)
    const { id } = (await (await send('post', '/v1/architectures', body)).json()) as { id: string }
    for (const path of ['/v1/runs', '/v1/sweeps'])
      for (const example of bodiesOf(document.paths[path].post)) {
        const answer = await send('post', path, { ...example, architectureId: id })
        assert.equal(answer.status, 202, await answer.text())
      }
    for (const rest of ['', '/graph', '/costs', '/costs/explain', '/export']) {
      const template = `/v1/architectures/{id}${rest}`
      const answer = await send('get', template.replace('{id}', id) + queryOf(document.paths[template].get), undefined)
      assert.equal(answer.status, 200, `${rest}: ${await answer.text()}`)
    }
  })

  it('filters by nothing that nobody asked for', () => {
    for (const { get } of Object.values(document.paths as Json))
      for (const { name, required, example, schema } of get?.parameters ?? [])
        if (!required) assert.equal(example ?? schema.example ?? schema.examples, undefined, `${get.operationId} ${name}`)
  })
})
