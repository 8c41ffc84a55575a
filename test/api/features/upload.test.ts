import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportOnnx } from '../../../src/engine/formats/onnx-export.ts'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

const limit = 200_000
let api: TestApi
before(async () => {
  api = await openTestApi({ MAX_UPLOAD_BYTES: String(limit) })
})
after(() => api.close())

const resnet50 = readFileSync(new URL('../../fixtures/onnx/resnet50.ts17.onnx', import.meta.url))
const graphOf = (channels: number) => {
  const { name: _name, ...spec } = smallNetwork(channels)
  return verifyGraph(spec)
}
/** A network in one file with its weights. */
const weighty = (channels: number, seed = 0): Buffer => Buffer.concat([...streamOnnx(graphOf(channels), { seed }).pieces])
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const send = async (name: string | null, body: Uint8Array, type = 'application/octet-stream') => {
  const response = await fetch(`${api.url}/v1/architectures${name === null ? '' : `?name=${encodeURIComponent(name)}`}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as Uint8Array<ArrayBuffer>,
  })
  return { status: response.status, body: (await response.json()) as any, headers: response.headers }
}
const sendForm = async (fields: Record<string, string | Uint8Array>) => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields))
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, new Blob([value as Uint8Array<ArrayBuffer>]), 'model.onnx')
  const response = await fetch(`${api.url}/v1/architectures`, { method: 'POST', body: form })
  return { status: response.status, body: (await response.json()) as any }
}

/** Files under way, of this process. */
const underWay = () => readdirSync(path.join(api.dataDir, 'scratch'), { recursive: true }).filter((name) => String(name).includes(path.sep))
const blobs = () => readdirSync(path.join(api.dataDir, 'blobs'))

describe('uploading an ONNX file', () => {
  it('registers a weightless ResNet-50 with what was found in it', async () => {
    const { status, body, headers } = await send('r50', resnet50)
    assert.equal(status, 201)
    assert.equal(headers.get('location'), body.links.self)
    // MACs as torchvision's own count has them; parameters less those of the batch norm that the exporter folded.
    assert.equal(body.counts.macs, 4_089_184_256)
    assert.equal(body.counts.params, 25_530_472)
    const { kind, report, file } = body.source
    assert.equal(kind, 'onnx')
    assert.match(report.producer, /^pytorch/)
    assert.equal(report.opset[''], 17)
    assert.equal(report.operators.Conv, 53)
    assert.equal(file, null)
    const again = await send('r50', resnet50)
    assert.deepEqual([again.status, again.body.id], [200, body.id])
    const costs = await api.request.get(body.links.costs).expect(200)
    assert.equal(costs.body.totals.macs, 4_089_184_256)
    const graphql = await api.request.post('/graphql').send({ query: `{ architecture(id: "${body.id}") { source } }` })
    assert.deepEqual(graphql.body.data.architecture.source, body.source)
  })

  it('a form does the same, its fields in any order', async () => {
    const first = await sendForm({ name: 'form', file: resnet50 })
    assert.equal(first.status, 201)
    const second = await sendForm({ file: resnet50, name: 'form' })
    assert.deepEqual([second.status, second.body.id], [200, first.body.id])
  })

  it('keeps a file that carries weights, once, until the last architecture that names it is deleted', async () => {
    const file = weighty(5)
    const first = await send('weighty', file)
    assert.equal(first.status, 201)
    assert.deepEqual(first.body.source.file, { digest: sha256(file), bytes: file.length })
    const other = await send('the same under another name', file)
    assert.deepEqual([other.status, other.body.digest], [201, first.body.digest])
    const name = sha256(file).slice('sha256:'.length)
    assert.deepEqual(blobs(), [name])
    assert.deepEqual(readFileSync(path.join(api.dataDir, 'blobs', name)), file)
    await api.request.delete(first.body.links.self).expect(204)
    assert.deepEqual(blobs(), [name])
    await api.request.delete(other.body.links.self).expect(204)
    assert.deepEqual(blobs(), [])
    assert.deepEqual((await send('weighty', file)).status, 201)
    assert.deepEqual(blobs(), [name])
  })

  it('weights are part of the digest, and a file without them is the graph that it holds', async () => {
    const graph = graphOf(6)
    const bare = await send('bare', exportOnnx(graph, { weights: 'none' }).model)
    assert.equal(bare.body.source.file, null)
    const [one, another] = [await send('one', weighty(6, 1)), await send('another', weighty(6, 2))]
    assert.equal(new Set([bare, one, another].map(({ body }) => body.digest)).size, 3)
    assert.equal(new Set([bare, one, another].map(({ body }) => body.counts.macs)).size, 1)
    const flipped = weighty(6, 1)
    flipped[flipped.length - 3]! ^= 1
    assert.notEqual((await send('one', flipped)).body.digest, one.body.digest)
  })

  it('what cannot be taken is refused with a reason, and nothing of it stays', async () => {
    const kept = blobs()
    const cases: [what: string, answer: Promise<{ status: number; body: any }>, status: number, code: string, detail: RegExp][] = [
      ['no name', send(null, resnet50), 400, 'INVALID_REQUEST', /no name: say \?name=/],
      ['empty name', send('', resnet50), 400, 'INVALID_REQUEST', /name/],
      ['long name', send('x'.repeat(201), resnet50), 400, 'INVALID_REQUEST', /name/],
      ['empty', send('a', new Uint8Array()), 400, 'INVALID_REQUEST', /the file is empty/],
      ['truncated', send('a', resnet50.subarray(0, 60_000)), 422, 'INVALID_ONNX', /not a whole one|truncated|end/i],
      [
        'JSON',
        send('a', Buffer.from(JSON.stringify(smallNetwork(3)))),
        422,
        'INVALID_ONNX',
        /this is JSON: send it with.*application\/json/,
      ],
      ['zip', send('a', Buffer.from('PK\u0003\u0004 and so on')), 422, 'INVALID_ONNX', /zip archive/],
      ['noise', send('a', Buffer.alloc(5000, 0xa7)), 422, 'INVALID_ONNX', /./],
      ['too large', send('a', new Uint8Array(limit + 1)), 413, 'BODY_TOO_LARGE', /more than 200000 bytes.*MAX_UPLOAD_BYTES/],
      [
        'type',
        send('a', resnet50, 'application/x-www-form-urlencoded'),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        /application\/octet-stream with \?name=/,
      ],
      ['ONNX as JSON', send(null, resnet50, 'application/json'), 400, 'MALFORMED_JSON', /JSON/],
      ['form without name', sendForm({ file: resnet50 }), 400, 'INVALID_REQUEST', /no name: send it as the field name/],
      ['form without file', sendForm({ name: 'a' }), 400, 'INVALID_REQUEST', /no file/],
      ['file as text', sendForm({ name: 'a', file: 'text' }), 400, 'INVALID_REQUEST', /sent with a file name/],
      [
        'other field',
        sendForm({ name: 'a', file: resnet50, model: 'x' }),
        400,
        'INVALID_REQUEST',
        /no field model: the fields are name, file, data, dims and inputShape/,
      ],
      ['form too large', sendForm({ name: 'a', file: new Uint8Array(limit + 1) }), 413, 'BODY_TOO_LARGE', /more than 200000 bytes/],
      [
        'form cut off',
        send(
          null,
          Buffer.from('--x\r\ncontent-disposition: form-data; name="file"; filename="m"\r\n\r\nabc'),
          'multipart/form-data; boundary=x',
        ),
        400,
        'MALFORMED_REQUEST',
        /form/,
      ],
      ['form without boundary', send(null, resnet50, 'multipart/form-data'), 400, 'MALFORMED_REQUEST', /form.*oundary/],
    ]
    for (const [what, answer, status, code, detail] of cases) {
      const { status: was, body } = await answer
      assert.deepEqual([was, body.code], [status, code], `${what}: ${JSON.stringify(body)}`)
      assert.match(body.detail, detail, what)
    }
    assert.deepEqual(underWay(), [])
    assert.deepEqual(blobs(), kept)
  })

  it('a body that turns out too large on the way is refused then', async () => {
    const { status, code } = await new Promise<{ status: number; code: string }>((resolve, reject) => {
      const request = http.request(`${api.url}/v1/architectures?name=a`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
      })
      request.on('response', async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode!, code: JSON.parse(text).code })
      })
      request.on('error', reject)
      // Chunked: no length is said beforehand.
      for (let i = 0; i < 4; i++) request.write(Buffer.alloc(100_000))
    })
    assert.deepEqual([status, code], [413, 'BODY_TOO_LARGE'])
    assert.deepEqual(underWay(), [])
  })

  it('a client that goes away leaves nothing behind, and the service goes on', async () => {
    for (let i = 0; i < 10; i++) {
      const request = http.request(`${api.url}/v1/architectures?name=a`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', 'content-length': resnet50.length },
      })
      request.on('error', () => {})
      request.write(resnet50.subarray(0, 50_000))
      while (underWay().length === 0) await sleep(5)
      assert.equal(underWay().length, 1)
      request.destroy()
      while (underWay().length > 0) await sleep(5)
    }
    // More than may be under way at a time went by: none of them is still counted.
    assert.equal((await send('r50', resnet50)).status, 200)
  })
})
