/** What browsers and caches see: ETags, 304, Cache-Control, compression, CORS. */
import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
let runId: string
before(async () => {
  api = await openTestApi({ CORS_ORIGIN: 'https://board.example' })
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
  runId = (await api.request.post('/v1/runs').send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime' })).body.id
  while ((await api.request.get(`/v1/runs/${runId}`)).body.finishedAt === null) await new Promise((resolve) => setTimeout(resolve, 5))
})
after(() => api.close())

/** The answer as it comes over the wire. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    httpRequest(api.url + path, { method, headers }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) }))
      answer.on('error', reject)
    })
      .on('error', reject)
      .end()
  })

/** Every read whose answer a client may keep, and what it is told about that. */
const reads = () =>
  [
    ['/v1/architectures', 'no-cache'],
    [`/v1/architectures/${architectureId}`, 'no-cache'],
    [`/v1/architectures/${architectureId}/graph`, 'no-cache'],
    [`/v1/architectures/${architectureId}/costs`, 'no-cache'],
    [`/v1/architectures/${architectureId}/costs/explain?from=lecture&to=full`, 'no-cache'],
    [`/v1/architectures/${architectureId}/export?format=json`, 'no-cache'],
    ['/v1/runs?total=true', 'no-cache'],
    [`/v1/runs/${runId}`, 'no-cache'],
    [`/v1/runs/${runId}/samples`, 'private, max-age=31536000, immutable'],
    ['/v1/sweeps', 'no-cache'],
    ['/v1/queue', 'no-cache'],
    ['/v1/devices', 'no-cache'],
    ['/v1/zoo', 'public, max-age=300'],
    ['/v1/zoo/resnet', 'public, max-age=300'],
    ['/v1/conventions', 'public, max-age=300'],
  ] as const

describe('a read', () => {
  it('is named, and not sent again to who has it', async () => {
    for (const [path, cacheControl] of reads()) {
      const { status, headers } = await get(path)
      assert.equal(status, 200, path)
      assert.match(String(headers.etag), /^W\/"[^"]+"$/, path)
      assert.equal(headers['cache-control'], cacheControl, path)
      const etag = String(headers.etag)
      for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known })
        assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag], `${path} ${known}`)
      }
      assert.equal((await get(path, { 'if-none-match': '"other", W/"another"' })).status, 200, path)
      const head = await get(path, { 'if-none-match': etag }, 'HEAD')
      assert.equal(head.status, 304, `HEAD ${path}`)
    }
  })

  it('has another name once it says something else', async () => {
    const before = await get('/v1/architectures')
    await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(201)
    const after = await get('/v1/architectures', { 'if-none-match': String(before.headers.etag) })
    assert.equal(after.status, 200)
    assert.notEqual(after.headers.etag, before.headers.etag)
  })

  it('that failed is kept by nobody', async () => {
    for (const path of ['/v1/runs/none', '/v1/nothing', '/v1/runs?limit=0']) {
      const { headers } = await get(path, { 'if-none-match': '*' })
      assert.equal(headers['cache-control'], 'no-store', path)
      assert.equal(headers.etag, undefined, path)
    }
    assert.equal((await api.request.post('/v1/architectures').send(smallNetwork(5)).set('if-none-match', '*')).status, 200)
  })
})

describe('an answer', () => {
  it('is compressed for who takes that, and says so', async () => {
    for (const path of [`/v1/architectures/${architectureId}/costs`, '/v1/zoo', '/openapi.json', '/metrics']) {
      const plain = await get(path, { 'accept-encoding': 'identity' })
      assert.equal(plain.headers['content-encoding'], undefined)
      for (const [encoding, unpack] of [
        ['br', brotliDecompressSync],
        ['gzip', gunzipSync],
      ] as const) {
        const packed = await get(path, { 'accept-encoding': encoding })
        assert.equal(packed.headers['content-encoding'], encoding, path)
        assert.match(String(packed.headers.vary), /accept-encoding/i, path)
        assert.ok(packed.body.length < plain.body.length / 2, path)
        // Metrics are others at every look.
        if (path === '/metrics') continue
        assert.deepEqual(unpack(packed.body), plain.body, path)
        assert.equal(packed.headers.etag, plain.headers.etag, path)
      }
    }
    const both = await get('/v1/zoo', { 'accept-encoding': 'gzip, deflate, br' })
    assert.equal(both.headers['content-encoding'], 'br')
    const csv = await get(`/v1/architectures/${architectureId}/costs`, { 'accept-encoding': 'gzip', accept: 'text/csv' })
    assert.match(String(csv.headers.vary), /accept(,|$)/i)
    const samples = await get(`/v1/runs/${runId}/samples`, { 'accept-encoding': 'br' })
    assert.equal(JSON.parse(brotliDecompressSync(samples.body).toString()).samples.length, 12)
  })

  it('of few bytes, a stream of events and a model are sent as they are', async () => {
    const accept = { 'accept-encoding': 'br, gzip' }
    for (const path of ['/healthz', `/v1/architectures/${architectureId}/export?format=onnx`, `/v1/runs/${runId}/events`]) {
      const { status, headers } = await get(path, accept)
      assert.equal(status, 200, path)
      assert.equal(headers['content-encoding'], undefined, path)
    }
    const { headers } = await get(`/v1/runs/${runId}/events`, accept)
    assert.deepEqual([headers['cache-control'], headers.etag], ['no-store', undefined])
  })

  it('over GraphQL is compressed too', async () => {
    const { headers } = await api.request
      .post('/graphql')
      .set('accept-encoding', 'br')
      .buffer(false)
      .send({ query: '{ conventions { name summary definition source } }' })
    assert.equal(headers['content-encoding'], 'br')
  })
})

it('a page of another origin may ask for two hours without asking whether, and reads the headers it needs', async () => {
  const origin = 'https://board.example'
  const preflight = await get(
    '/v1/runs',
    { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'idempotency-key' },
    'OPTIONS',
  )
  assert.equal(preflight.headers['access-control-max-age'], '7200')
  assert.match(String(preflight.headers['access-control-allow-headers']), /idempotency-key/)
  const { headers } = await get('/v1/runs', { origin })
  const exposed = String(headers['access-control-expose-headers']).split(/, */)
  assert.deepEqual(exposed, ['etag', 'location', 'link', 'content-disposition', 'retry-after', 'www-authenticate', 'x-request-id'])
})
