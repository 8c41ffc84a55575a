import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { parse as parseDisposition } from 'content-disposition'
import { ModelProtoSchema } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { seededInput } from '../../../src/engine/weights.ts'
import { runOnnx } from '../../engine/run-graph.ts'
import { presetGraph } from '../../engine/zoo-graphs.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

process.env.ORT_DISABLE_TELEMETRY = '1'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const register = async (body: object): Promise<string> => (await api.request.post('/v1/architectures').send(body)).body.id
const address = (id: string, query: string) => `/v1/architectures/${id}/export?${query}`
/** The bytes of an answer, whatever its type. */
const fetched = async (id: string, query: string) => {
  // Uncompressed, since the length that is stated is that of what is sent.
  const response = await fetch(api.url + address(id, query), { headers: { 'accept-encoding': 'identity' } })
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
}
const text = async (id: string, query: string) => new TextDecoder().decode((await fetched(id, query)).bytes)
const leftovers = () => {
  const scratch = path.join(api.dataDir, 'scratch')
  if (!existsSync(scratch)) return []
  const entries = readdirSync(scratch, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

describe('exporting', () => {
  it('each format comes with its content type and a file name', async () => {
    const id = await register(smallNetwork(3))
    for (const [format, type, extension] of [
      ['onnx', 'application/octet-stream', 'onnx'],
      ['json', 'application/json; charset=utf-8', 'json'],
      ['csv', 'text/csv; charset=utf-8', 'csv'],
      ['dot', 'text/vnd.graphviz; charset=utf-8', 'dot'],
      ['mermaid', 'text/vnd.mermaid; charset=utf-8', 'mmd'],
      ['svg', 'image/svg+xml; charset=utf-8', 'svg'],
      ['chart', 'image/svg+xml; charset=utf-8', 'chart.svg'],
    ]) {
      const { status, headers, bytes } = await fetched(id, `format=${format}`)
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), type)
      assert.equal(headers.get('content-length'), String(bytes.length))
      assert.equal(headers.get('content-disposition'), `attachment; filename="small 3.${extension}"`)
      assert.equal(headers.get('x-onnx-opset'), format === 'onnx' ? '17' : null)
    }
  })

  it('a chart of costs takes groups and a convention, and draws what costs says', async () => {
    const id = await register(smallNetwork(5))
    const svg = await text(id, 'format=chart&groupBy=op&sort=flops&convention=full&batch=3')
    const { body } = await api.request.get(`/v1/architectures/${id}/costs?groupBy=op&sort=flops&convention=full&batch=3`)
    for (const { key, flops } of body.ranking.groups)
      if (flops > 0) assert.ok(svg.includes(`<title>${key}: ${flops.toLocaleString('en-US')}, `), key)
    assert.equal((await fetched(id, 'format=dot&groupBy=op')).status, 400)
    assert.equal((await fetched(id, 'format=chart&depth=3')).status, 400)
    const { body: graphql } = await api.request.post('/graphql').send({
      query: `{ architecture(id: "${id}") { export(format: chart, groupBy: op, sort: flops, convention: full, batch: 3) } }`,
    })
    assert.equal(graphql.data.architecture.export, svg)
  })

  it('the graph is drawn, folded as deep as is asked for, and colored by what is asked for', async () => {
    const id = await register({ name: 'r', zoo: { preset: 'resnet18' } })
    const svg = await text(id, 'format=svg&depth=1&colorBy=params&batch=2')
    // torchvision's own counts: layer4 of resnet18 has 8,393,728 parameters of 11,689,512.
    assert.match(svg, /<title>layer4: 16 layers, 512×7×7; 8,393,728 parameters, 72 %<\/title>/)
    assert.match(svg, /batch 2, float32; 69 layers in 12 boxes/)
    const query = '{ export(format: svg, depth: 1, colorBy: params, batch: 2) }'
    const { body } = await api.request.post('/graphql').send({ query: `{ architecture(id: "${id}") ${query} }` })
    assert.equal(body.data.architecture.export, svg)
    for (const [query, why] of [
      ['format=svg&groupBy=op', /svg does not take groupBy/],
      ['format=svg&colorBy=ms', /give runId/],
      ['format=svg&colorBy=macs&runId=0192f0c1-2345-7abc-8def-0123456789ab', /leave one of them out/],
      ['format=chart&colorBy=macs', /chart does not take colorBy/],
    ] as const) {
      const { status, bytes } = await fetched(id, query)
      assert.equal(status, 400)
      assert.match(new TextDecoder().decode(bytes), why)
    }
    const missing = await fetched(id, 'format=svg&runId=0192f0c1-2345-7abc-8def-0123456789ab')
    assert.deepEqual([missing.status, JSON.parse(new TextDecoder().decode(missing.bytes)).code], [404, 'RUN_NOT_FOUND'])
  })

  it('a name of any text becomes a file name that no system refuses, and that a client reads back', async () => {
    for (const [name, stem] of [
      ['网络 «α» 🧠', '网络 «α» 🧠'],
      ['../../etc/passwd', '_.._etc_passwd'],
      ['a; set-cookie: x="1"', 'a; set-cookie_ x=_1_'],
      ['...', 'architecture'],
      ['🧠'.repeat(100), '🧠'.repeat(100)],
    ]) {
      const id = await register({ ...smallNetwork(4), name })
      const header = (await fetched(id, 'format=json')).headers.get('content-disposition')!
      assert.equal(parseDisposition(header).parameters.filename, `${stem}.json`, header)
    }
  })

  it('JSON registers again as the same architecture', async () => {
    const preset = await api.request.post('/v1/architectures').send({ name: 'exported', zoo: { preset: 'shufflenet_v2_x1_0' } })
    const again = await api.request
      .post('/v1/architectures')
      .send(JSON.parse(await text(preset.body.id, 'format=json')))
      .expect(200)
    assert.equal(again.body.digest, preset.body.digest)
    assert.equal(again.body.id, preset.body.id)
  })

  it('CSV is the costs’ CSV', async () => {
    const id = await register({ name: 'costs', zoo: { preset: 'resnet18' } })
    const query = 'convention=fvcore&batch=2&resolution=64x96'
    const costs = await api.request.get(`/v1/architectures/${id}/costs?${query}`).set('accept', 'text/csv').expect(200)
    assert.equal(await text(id, `format=csv&${query}`), costs.text)
  })

  it('DOT is read by Graphviz, with the architecture’s name on top', async () => {
    const id = await register({ ...smallNetwork(5), name: 'a "quoted" & <b>' })
    const graphviz = await Graphviz.load()
    const svg = graphviz.layout(await text(id, 'format=dot'), 'svg', 'dot')
    assert.match(svg, /a &quot;quoted&quot; &amp; &lt;b&gt;/)
    assert.equal(svg.match(/class="node"/g)?.length, 4)
  })

  it('ONNX without weights is small, states its opset, and loads in ONNX Runtime at the batch and resolution asked for', async () => {
    const id = await register({ name: 'r18', zoo: { preset: 'resnet18' } })
    const { bytes } = await fetched(id, 'format=onnx&batch=2&resolution=64')
    assert.ok(bytes.length < 50_000, `${bytes.length}`)
    assert.equal(fromBinary(ModelProtoSchema, bytes).opsetImport[0]!.version, 17n)
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
    assert.deepEqual((session.inputMetadata[0] as ort.InferenceSession.TensorValueMetadata).shape, [2, 3, 64, 64])
    await session.release()
  })

  it('ONNX with weights is one file that gives what a run of that seed gives, and leaves nothing on disk', async () => {
    const before = leftovers()
    const id = await register({ name: 'squeeze', zoo: { preset: 'squeezenet1_1' } })
    const { bytes, headers } = await fetched(id, 'format=onnx&weights=seeded&seed=7&resolution=64')
    assert.equal(headers.get('content-length'), String(bytes.length))
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
    const input = seededInput(7, 'input', 3 * 64 * 64)
    const result = await session.run({ input: new ort.Tensor('float32', input, [1, 3, 64, 64]) })
    const [expected] = await runOnnx(presetGraph('squeezenet1_1'), { input }, { seed: 7, resolution: [64, 64] })
    assert.deepEqual(Float32Array.from(Object.values(result)[0]!.data as Float32Array), expected)
    await session.release()
    assert.deepEqual(leftovers(), before)
  })

  it('files with weights are bounded in number; a client that goes away makes room', async () => {
    // 16 MiB of weights: more than sockets hold, so an answer that nobody reads stays open.
    const id = await register({ name: 'wide', input: { shape: [2048] }, layers: [{ type: 'Linear', outFeatures: 2048 }] })
    const query = 'format=onnx&weights=seeded'
    const open = () =>
      new Promise<http.IncomingMessage>((resolve, reject) => http.get(api.url + address(id, query), resolve).on('error', reject))
    const held = [await open(), await open(), await open(), await open()]
    const { body } = await api.request.get(address(id, query)).expect(503)
    assert.equal(body.code, 'OVERLOADED')
    await api.request.get(address(id, 'format=onnx')).expect(200)
    for (const answer of held) answer.destroy()
    for (let tries = 0; ; tries++) {
      const { status, bytes } = await fetched(id, query)
      if (status === 200) {
        assert.ok(bytes.length > 2048 * 2048 * 4)
        break
      }
      assert.ok(tries < 100)
      await sleep(50)
    }
  })

  it('what a format does not take, or the network cannot, is refused with what would be right', async () => {
    const id = await register(smallNetwork(6))
    for (const [query, status, code, detail] of [
      ['', 400, 'INVALID_REQUEST', /format/],
      ['format=pdf', 400, 'INVALID_REQUEST', /onnx.*mermaid/],
      ['format=json&batch=2', 400, 'INVALID_REQUEST', /json does not take batch.*no options/],
      ['format=dot&weights=none', 400, 'INVALID_REQUEST', /dot does not take weights.*batch, resolution/],
      ['format=onnx&seed=3', 400, 'INVALID_REQUEST', /weights=seeded/],
      ['format=csv&convention=nobody', 400, 'UNKNOWN_CONVENTION', /nobody/],
      ['format=onnx&resolution=2', 422, 'INVALID_RESOLUTION', /conv2d_1/],
    ] as const) {
      const { body } = await api.request.get(address(id, query)).expect(status)
      assert.equal(body.code, code, query)
      assert.match(body.detail, detail)
    }
    const wide = await register({ name: 'huge', input: { shape: [32768] }, layers: [{ type: 'Linear', outFeatures: 32768 }] })
    const { body, headers } = await api.request.get(address(wide, 'format=onnx&weights=seeded')).expect(422)
    assert.equal(body.code, 'EXPORT_UNSUPPORTED')
    assert.equal(headers['content-disposition'], undefined)
    await api.request.get(address('01890a5d-ac96-774b-bcce-b302099a8057', 'format=dot')).expect(404)
  })

  it('GraphQL gives the same text, and refuses the same', async () => {
    const id = await register(smallNetwork(7))
    const ask = async (args: string) =>
      (await api.request.post('/graphql').send({ query: `{ architecture(id: "${id}") { export(${args}) } }` })).body
    for (const format of ['json', 'csv', 'dot', 'mermaid'])
      assert.equal((await ask(`format: ${format}`)).data.architecture.export, await text(id, `format=${format}`))
    assert.equal((await ask('format: json, batch: 2')).errors[0].extensions.code, 'INVALID_REQUEST')
  })
})
