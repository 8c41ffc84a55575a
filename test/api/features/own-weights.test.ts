/** An ONNX file with its own weights: run by both runtimes, exported, opened again, on real workers. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { pino } from 'pino'
import { readConfig } from '../../../src/api/config.ts'
import { type RunningService, startService } from '../../../src/api/start.ts'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'
import { readyPlace } from '../../store/helper.ts'

let service: RunningService
let dataDir: string
const undo: (() => Promise<unknown>)[] = []
before(async () => {
  const place = await readyPlace()
  const { databaseUrl } = place.options
  dataDir = place.options.dataDir
  const config = readConfig({ PORT: '0', DATA_DIR: dataDir, ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}) })
  service = await startService(config, pino({ level: 'silent' }))
  undo.push(service.close, place.remove)
})
after(async () => {
  for (const step of undo) await step()
})

const graph = verifyGraph(
  expandZoo({ family: 'resnet', options: { block: 'basic', depths: [1, 1], baseChannels: 8, resolution: 32, classes: 7 } }).spec,
)
/** Weights of seed 3 in the file, so that a run of seed 3 with seeded weights computes the same. */
const file = Buffer.concat([...streamOnnx(graph, { seed: 3 }).pieces])

/** As an exporter writes it: a symbolic batch, names that are no ids. No op of this network states its batch in our files. */
function symbolic(): Uint8Array {
  const graph = verifyGraph({
    input: { shape: [3, 9, 9] },
    layers: [{ type: 'Conv2d', outChannels: 7, kernelSize: 3 }, { type: 'BatchNorm2d' }, { type: 'SiLU' }, { type: 'GlobalAvgPool2d' }],
  })
  const model = fromBinary(ModelProtoSchema, Buffer.concat([...streamOnnx(graph, { seed: 3 }).pieces]))
  const rename = (name: string) => (name === graph.inputs[0]!.id ? 'the input: x' : name)
  for (const node of model.graph!.node) node.input = node.input.map(rename)
  for (const info of [...model.graph!.input, ...model.graph!.output]) {
    info.name = rename(info.name)
    const type = info.type!.value
    if (type.case === 'tensorType') type.value.shape!.dim[0]!.value = { case: 'dimParam', value: 'N' }
  }
  return toBinary(ModelProtoSchema, model)
}

const json = async (address: string, init?: RequestInit) => {
  const response = await fetch(service.url + address, init)
  return { status: response.status, body: (await response.json()) as any }
}
const upload = async (name: string, bytes: Uint8Array) => {
  const body = bytes as Uint8Array<ArrayBuffer>
  const answer = await json(`/v1/architectures?name=${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body,
  })
  assert.ok(answer.status === 201 || answer.status === 200, JSON.stringify(answer.body))
  return answer.body
}
const settings = { seed: 3, threads: 1, warmupMs: 1, minDurationMs: 1, maxDurationMs: 200, minSamples: 11 }
const queue = (request: object) =>
  json('/v1/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ device: 'cpu:0', settings, fresh: true, ...request }),
  })
const run = async (request: object) => {
  const { status, body } = await queue(request)
  assert.equal(status, 202, JSON.stringify(body))
  for (let current = body; ; await sleep(30), current = (await json(body.links.self)).body)
    if (!['queued', 'running'].includes(current.status)) {
      assert.equal(current.status, 'succeeded', JSON.stringify(current.error))
      return current
    }
}
const close = (a: number[], b: number[], share = 1e-4) => {
  const largest = Math.max(...b.map(Math.abs))
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= share * largest)
}

test('both runtimes run a file with its own weights, and agree; a changed weight shows', async () => {
  const { id: architectureId, source } = await upload('own', file)
  assert.equal(source.report.batch, 1)
  const onnx = await run({ architectureId, runtime: 'onnxruntime', profile: true })
  assert.deepEqual([onnx.weights, onnx.result.weights], ['file', 'file'])
  const profiled = onnx.result.profile.perLayer.flatMap(({ layerIds }: any) => layerIds)
  assert.deepEqual([...profiled].sort(), graph.layers.map(({ id }) => id).sort())
  const tfjs = await run({ architectureId, runtime: 'tfjs' })
  assert.equal(tfjs.result.weights, 'file')
  const { agreement } = tfjs.result.output
  assert.equal(agreement.runId, onnx.id)
  assert.ok(agreement.maxAbsDifference <= 1e-4 * agreement.maxAbs, JSON.stringify(agreement))
  // What seed 3 stands for is what lies in the file.
  const seeded = await run({ architectureId, runtime: 'onnxruntime', weights: 'seeded' })
  assert.deepEqual([seeded.weights, seeded.result.weights], ['seeded', 'seeded'])
  assert.ok(close(seeded.result.output.first, onnx.result.output.first))
  const other = await run({ architectureId, runtime: 'onnxruntime', weights: 'seeded', settings: { ...settings, seed: 4 } })
  assert.ok(!close(other.result.output.first, onnx.result.output.first))
  const { body: comparison } = await queue({ architectureId, runtime: 'onnxruntime', against: { weights: 'seeded' } })
  assert.deepEqual([comparison.weights, comparison.against.weights], ['file', 'seeded'])
  await fetch(service.url + comparison.links.self, { method: 'DELETE' })

  // The top bits of one bias of the last layer.
  const changed = Buffer.from(file)
  const model = fromBinary(ModelProtoSchema, file)
  const bias = model.graph!.initializer.find(({ dims }) => dims.length === 1 && dims[0] === 7n)!.rawData
  const at = changed.indexOf(Buffer.from(bias))
  changed[at + 3]! ^= 0x81
  const { id: changedId } = await upload('own', changed)
  assert.notEqual(changedId, architectureId)
  for (const runtime of ['onnxruntime', 'tfjs']) {
    const { first } = (await run({ architectureId: changedId, runtime })).result.output
    assert.ok(!close(first.slice(0, 1), onnx.result.output.first.slice(0, 1), 1e-2), runtime)
    assert.ok(close(first.slice(1), onnx.result.output.first.slice(1)), runtime)
  }
})

test('a symbolic batch runs at any, a stated one at that alone', async () => {
  const { id: architectureId, source } = await upload('symbolic', symbolic())
  assert.equal(source.report.batch, 'symbolic')
  const onnx = await run({ architectureId, runtime: 'onnxruntime', batch: 3 })
  const tfjs = await run({ architectureId, runtime: 'tfjs', batch: 3 })
  const { agreement } = tfjs.result.output
  assert.deepEqual([agreement.runId, agreement.elements], [onnx.id, 21])
  assert.ok(agreement.maxAbsDifference <= 1e-4 * agreement.maxAbs, JSON.stringify(agreement))

  const stated = await upload('stated', file)
  for (const [request, where, said] of [
    [{ batch: 2 }, '/batch', /works at batch 1 only.*tfjs.*seeded/],
    [{ resolution: 64 }, '/resolution', /its own resolution: leave resolution out.*tfjs.*seeded/],
    [{ weights: 'seeded', against: { weights: 'file', batch: 2 } }, '/against/batch', /works at batch 1 only/],
  ] as const) {
    const { status, body } = await queue({ architectureId: stated.id, runtime: 'onnxruntime', ...request })
    assert.deepEqual([status, body.code, body.errors[0].path], [422, 'UNSUPPORTED_BY_RUNTIME', where])
    assert.match(body.detail, said)
  }
  const wider = await run({ architectureId: stated.id, runtime: 'tfjs', batch: 2 })
  assert.deepEqual([wider.result.weights, wider.result.output.elements], ['file', 14])
})

test('weights of a file are asked for only where there is one', async () => {
  const zoo = await json('/v1/architectures', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'zoo', zoo: { preset: 'squeezenet1_1' } }),
  })
  const refused = await queue({ architectureId: zoo.body.id, runtime: 'onnxruntime', weights: 'file' })
  assert.deepEqual([refused.status, refused.body.code], [409, 'NO_WEIGHTS'])
  const file = await json(`${zoo.body.links.self}/export?format=onnx&weights=file`)
  assert.deepEqual([file.status, file.body.code], [409, 'NO_WEIGHTS'])
})

test('exported, it is the file again; opened again, it costs and computes the same', async () => {
  const { id: architectureId, digest, counts, links } = await upload('own', file)
  const response = await fetch(`${service.url}${links.self}/export?format=onnx&weights=file`)
  assert.deepEqual([response.status, response.headers.get('content-length')], [200, String(file.length)])
  assert.equal(response.headers.get('content-disposition'), 'attachment; filename=own.onnx')
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), file)
  for (const option of ['batch=2', 'resolution=64', 'seed=1'])
    assert.equal((await json(`${links.self}/export?format=onnx&weights=file&${option}`)).body.code, 'INVALID_REQUEST')
  // By another way: what we write with seed 3, without the file that came in.
  const written = await fetch(`${service.url}${links.self}/export?format=onnx&weights=seeded&seed=3`)
  const again = await upload('again', new Uint8Array(await written.arrayBuffer()))
  assert.deepEqual(again.counts, counts)
  const [before, after] = [
    await run({ architectureId, runtime: 'onnxruntime' }),
    await run({ architectureId: again.id, runtime: 'onnxruntime' }),
  ]
  assert.ok(close(after.result.output.first, before.result.output.first, 1e-6))
  const bare = await fetch(`${service.url}${links.self}/export?format=onnx`)
  const { counts: same, digest: without } = await upload('bare', new Uint8Array(await bare.arrayBuffer()))
  assert.deepEqual(same, counts)
  assert.notEqual(without, digest)
  // Nothing that a run or an export held is left.
  assert.deepEqual(
    readdirSync(path.join(dataDir, 'scratch'), { recursive: true }).filter((name) => String(name).includes(path.sep)),
    [],
  )
})

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/onnx-cases/${name}`, import.meta.url))

test('a run of the file itself is costed in the types that the file has, one elsewhere in its own precision', async () => {
  // 108 weights of float16; 144 output elements of 27 multiply-adds (the file's own figures, expected.json).
  const { id: architectureId } = await upload('half', fixture('fp16_io.onnx'))
  const onnx = await run({ architectureId, runtime: 'onnxruntime', profile: true })
  const { dtype, macsByPrecision, weightBytes, partial } = onnx.result.costs
  assert.deepEqual([dtype, macsByPrecision, weightBytes, partial], ['file', { float16: 3888 }, 216, false])
  assert.deepEqual([onnx.precision, onnx.environment.dtype], ['float32', 'file'])
  const { body: profile } = await json(onnx.links.profile)
  const conv = profile.rows.find(({ types }: any) => types.includes('Conv2d'))
  assert.deepEqual([profile.dtype, conv.bytesRead], ['file', 2 * (3 * 64 + 108)])
  const tfjs = await run({ architectureId, runtime: 'tfjs' })
  assert.deepEqual(
    [tfjs.result.costs.dtype, tfjs.result.costs.macsByPrecision, tfjs.result.costs.weightBytes],
    ['float32', { float32: 3888 }, 432],
  )
})

test('a quantized file runs at the bytes that it stores', async () => {
  const bytes = fixture('ort_qdq.onnx')
  const { id: architectureId } = await upload('qdq', bytes)
  const { costs } = (await run({ architectureId, runtime: 'onnxruntime' })).result
  // Weights of int8 and biases of int32; scales and zero points have one element each.
  const stored = fromBinary(ModelProtoSchema, bytes).graph!.initializer.filter(
    ({ dims, dataType }) => dims.length > 0 && dataType !== 7 && dataType !== 1,
  )
  const wanted = stored.reduce((sum, { dataType, dims }) => sum + (dataType === 6 ? 4 : 1) * dims.reduce((a, b) => a * Number(b), 1), 0)
  assert.deepEqual([costs.dtype, costs.weightBytes, costs.macsByPrecision], ['file', wanted, { int8: 139424 }])
})

test('a file with open sizes runs at others than it was registered at, by both runtimes, in comparisons and sweeps', async () => {
  // A 3×3 convolution of 3 to 8 channels with stride 2, registered at 20×28.
  const macs = (height: number, width: number) => Math.ceil(height / 2) * Math.ceil(width / 2) * 8 * 27
  const { id: architectureId, counts } = await upload('open&dims=H:20,Wd:28', fixture('dynamic_hw.onnx'))
  assert.equal(counts.macs, macs(20, 28))
  const own = await run({ architectureId, runtime: 'onnxruntime' })
  assert.deepEqual([own.sizes, own.result.costs.macs], [null, macs(20, 28)])
  // One dim is asked for, the other stays.
  const onnx = await run({ architectureId, runtime: 'onnxruntime', dims: 'H:33', profile: true })
  assert.deepEqual([onnx.sizes, onnx.result.costs.macs], [{ dims: { H: 33 } }, macs(33, 28)])
  const { body: profile } = await json(onnx.links.profile)
  assert.equal(profile.totals.macs, macs(33, 28))
  const drawing = await (await fetch(`${service.url}/v1/architectures/${architectureId}/export?format=svg&runId=${onnx.id}`)).text()
  assert.match(drawing, /3×33×28/)
  assert.doesNotMatch(drawing, /3×20×28/)
  const tfjs = await run({ architectureId, runtime: 'tfjs', dims: 'H:33' })
  const { agreement } = tfjs.result.output
  assert.equal(agreement.runId, onnx.id)
  assert.ok(agreement.maxAbsDifference <= 1e-4 * agreement.maxAbs && agreement.elements === tfjs.result.output.elements)
  const seeded = await run({ architectureId, runtime: 'onnxruntime', inputShape: [3, 12, 14], weights: 'seeded' })
  assert.deepEqual([seeded.sizes, seeded.result.costs.macs], [{ inputShape: [3, 12, 14] }, macs(12, 14)])
  const resized = await run({ architectureId, runtime: 'onnxruntime', resolution: '12x14' })
  assert.deepEqual([resized.resolution, resized.result.weights, resized.result.costs.macs], ['12x14', 'file', macs(12, 14)])
  assert.notDeepEqual(own.result.output.first, onnx.result.output.first)
  const { body: compared } = await queue({ architectureId, runtime: 'onnxruntime', dims: 'H:33', against: { dims: 'H:64' } })
  assert.deepEqual([compared.sizes, compared.against.sizes], [{ dims: { H: 33 } }, { dims: { H: 64 } }])
  await fetch(service.url + compared.links.self, { method: 'DELETE' })
  const { status, body: sweep } = await json('/v1/sweeps', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', settings, dims: 'H:33', batches: [1, 2] }),
  })
  assert.deepEqual([status, sweep.sizes], [202, { dims: { H: 33 } }], JSON.stringify(sweep))
  const { body: over } = await json('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `{ run(id: "${onnx.id}") { sizes { dims inputShape } result { costs { macs partial } } layerProfile { totals { macs } } } }`,
    }),
  })
  assert.deepEqual(over.data.run, {
    sizes: { dims: { H: 33 }, inputShape: null },
    result: { costs: { macs: macs(33, 28), partial: false } },
    layerProfile: { totals: { macs: macs(33, 28) } },
  })
})

test('sizes that a file does not leave open are refused with those that it does', async () => {
  const { id: architectureId } = await upload('open&dims=H:20,Wd:28', fixture('dynamic_hw.onnx'))
  const { id: fixed } = await upload('fixed', fixture('fp16_io.onnx'))
  for (const [request, path, message] of [
    [{ architectureId, dims: 'height:20' }, '/dims', /no open dim "height"; those that it leaves open are "H", "Wd"/],
    [{ architectureId, inputShape: [4, 20, 20] }, '/inputShape', /size 1 of input "x" is 3, but 4/],
    [{ architectureId, inputShape: [3, 20, 20], resolution: 20 }, '/inputShape', /leave resolution out/],
    [{ architectureId: fixed, dims: 'H:20' }, '/dims', /leaves sizes open/],
    [{ architectureId: fixed, inputShape: [3, 9, 9] }, '/inputShape', /leaves sizes open/],
  ] as const) {
    const { status, body } = await queue({ runtime: 'onnxruntime', ...request })
    assert.ok(status >= 400 && status < 500, JSON.stringify(body))
    assert.equal(body.errors[0].path, path)
    assert.match(body.detail + body.errors[0].message, message)
  }
})
