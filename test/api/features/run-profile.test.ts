/** The roofline of a run over HTTP and GraphQL; a stand-in for the worker makes the times and the ceilings. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
})
after(() => api.close())

/** A run that has ended. */
async function run(over: object = {}): Promise<string> {
  const { body } = await api.request
    .post('/v1/runs')
    .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })
  assert.ok(body.id, JSON.stringify(body))
  for (let i = 0; i < 500; i++) {
    const { status } = (await api.request.get(`/v1/runs/${body.id}`)).body
    if (status !== 'queued' && status !== 'running') return body.id
    await sleep(10)
  }
  return assert.fail('the run did not end')
}
const graphql = async (query: string) => (await api.request.post('/graphql').send({ query })).body

// The stand-in's convolution takes 1 ms of 1.2 under ceilings of 1 Gflop/s and 1 GB/s. Per image 4×6×6 = 144 outputs of
// 27 multiply-adds and a bias; 3×8×8 inputs, 108 + 4 parameters.
const convolution = {
  layerIds: ['conv2d_1'],
  types: ['Conv2d'],
  ms: 1,
  macs: 2 * 3888,
  flops: 2 * (2 * 3888 + 144),
  bytesRead: 4 * (2 * 192 + 112),
  bytesWritten: 4 * 288,
  bytes: 4 * (2 * 192 + 112 + 288),
  bound: 'compute',
  attainableGflopsPerSecond: 1,
  far: true,
}

describe('the profile of a run', () => {
  it('colors the graph of its architecture by measured time', async () => {
    const id = await run({ profile: true, batch: 2 })
    const svg = async (of: string, query: string) => api.request.get(`/v1/architectures/${of}/export?format=svg&${query}`).buffer(true)
    const { text, body } = await svg(architectureId, `runId=${id}`)
    const drawn = text ?? body.toString()
    // The stand-in knows one layer, and gives it 1 ms.
    assert.match(drawn, /<title>conv2d_1: Conv2d, 4×6×6; 1 ms of measured time, 100 %<\/title>/)
    assert.match(drawn, /measured time of a run by onnxruntime on .*, 1 ms in all/)
    const other = (await api.request.post('/v1/architectures').send(smallNetwork(9)).expect(201)).body.id
    assert.match((await svg(other, `runId=${id}`)).text, /is of architecture/)
    assert.match((await svg(architectureId, `runId=${id}&batch=3`)).text, /leave batch out/)
    assert.equal(
      (await api.request.get(`/v1/architectures/${architectureId}/export?format=svg&runId=${await run()}`)).body.code,
      'NO_PROFILE',
    )
  })

  it('is its times beside the costs of its layers, at its batch', async () => {
    const id = await run({ profile: true, batch: 2 })
    const { body } = await api.request.get(`/v1/runs/${id}/profile`).expect(200)
    assert.deepEqual([body.runId, body.batch, body.precision, body.convention, body.runs], [id, 2, 'float32', 'full', 3])
    const [conv, ...others] = body.rows
    for (const [key, value] of Object.entries(convolution)) assert.deepEqual(conv[key], value, key)
    assert.ok(Math.abs(conv.share - 1 / 1.2) < 1e-12)
    assert.ok(Math.abs(conv.rooflineMs - convolution.flops / 1e6) < 1e-12)
    assert.ok(Math.abs(conv.lostMs - (1 - convolution.flops / 1e6)) < 1e-12)
    // No time was measured for these: the stand-in knows one layer.
    assert.deepEqual(
      others.map((row: any) => [row.types, row.ms, row.gflopsPerSecond, row.rooflineShare]),
      [
        [['Flatten'], 0, null, null],
        [['Linear'], 0, null, null],
      ],
    )
    assert.equal(body.unattributed.ms, 0.1)
    assert.equal(body.totals.kernelMs, 1.1)
    const { p50 } = (await api.request.get(`/v1/runs/${body.runId}`)).body.result.latencyMs
    assert.deepEqual(body.timed, { p50Ms: p50, kernelsOverP50: 1.1 / p50 })
    const costs = (await api.request.get(`/v1/architectures/${architectureId}/costs?convention=full&batch=2`)).body
    assert.deepEqual([body.totals.flops, body.totals.macs], [costs.totals.flops, costs.totals.macs])
    const half = (await api.request.get(`/v1/runs/${await run({ profile: true, batch: 2, resolution: '6x10' })}/profile`)).body
    assert.deepEqual([half.resolution, half.rows[0].macs], ['6x10', 2 * 4 * 4 * 8 * 27])
  })

  it('comes as CSV by Accept, the time of no layer in a row of its own', async () => {
    const id = await run({ profile: true })
    const { text, headers } = await api.request.get(`/v1/runs/${id}/profile`).set('accept', 'text/csv').expect(200)
    assert.match(headers['content-type'] as string, /^text\/csv/)
    assert.equal(headers['content-disposition'], `attachment; filename="${id}-profile.csv"`)
    const [head, ...rows] = text.trim().split('\r\n')
    const columns = head!.split(',')
    const cells = rows.map((row) => row.split(','))
    assert.ok(cells.every((row) => row.length === columns.length && row[columns.indexOf('convention')] === 'full'))
    const at = (name: string) => cells.map((row) => row[columns.indexOf(name)]!)
    assert.deepEqual(at('layerIds'), ['conv2d_1', 'flatten_1', 'linear_1', ''])
    assert.deepEqual(at('ms').map(Number), [1, 0, 0, 0.1])
    assert.deepEqual(at('far'), ['true', 'false', 'false', ''])
    assert.deepEqual(at('gflopsPerSecond').slice(1), ['', '', ''])
    await api.request.get(`/v1/runs/${id}/profile`).set('accept', 'image/png').expect(406)
  })

  it('is the same over GraphQL', async () => {
    const id = await run({ profile: true, batch: 2 })
    const { data, errors } = await graphql(`{ run(id: "${id}") { layerProfile {
      runId architectureId runtime device batch precision resolution runs convention
      dtype method launchBlocking kernelOverhead { ms measuredWith } timed { p50Ms kernelsOverP50 }
      ceilings { compute { flopsPerSecond leastFlopsPerSecond measuredWith } memory { bytesPerSecond bytes measuredWith } durationMs } ridgeFlopsPerByte
      rows { layerIds types ms share macs flops bytesRead bytesWritten bytes gflopsPerSecond gigabytesPerSecond arithmeticIntensity
        attainableGflopsPerSecond rooflineMs rooflineShare above bound far lostMs }
      unattributed { ms share }
      totals { callMs kernelMs betweenKernelsMs macs flops bytes gflopsPerSecond gigabytesPerSecond rooflineMs rooflineShare above lostMs far }
    } } }`)
    assert.equal(errors, undefined)
    assert.deepEqual(data.run.layerProfile, (await api.request.get(`/v1/runs/${id}/profile`)).body)
  })

  it('stays where the architecture is deleted', async () => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(201)
    const id = await run({ architectureId: body.id, profile: true })
    await api.request.delete(body.links.self).expect(204)
    assert.equal((await api.request.get(`/v1/runs/${id}/profile`).expect(200)).body.rows[0].macs, 5 * 36 * 27)
  })

  it('of a large network is worked out on a thread', async () => {
    const layers = Array.from({ length: 401 }, () => ({ type: 'ReLU' }))
    // The stand-in's profile is of a layer that this network must have.
    const named = { name: 'long', input: { shape: [3, 8, 8] }, layers: [{ id: 'conv2d_1', type: 'ReLU' }, ...layers] }
    const id = await run({ architectureId: (await api.request.post('/v1/architectures').send(named)).body.id, profile: true })
    const profile = (await api.request.get(`/v1/runs/${id}/profile`).expect(200)).body
    assert.deepEqual([profile.rows.length, profile.totals.flops], [402, 402 * 192])
  })

  it('that is not there is refused with what to ask for', async () => {
    const refused = async (id: string) => {
      const { body } = await api.request.get(`/v1/runs/${id}/profile`).expect(409)
      assert.equal(body.code, 'NO_PROFILE')
      return body.detail as string
    }
    const plain = await run()
    assert.match(await refused(plain), /was not asked for.*"profile": true/)
    assert.match(await refused(await run({ against: {} })), /comparison/)
    api.worker.autoMs = null
    const { body } = await api.request
      .post('/v1/runs')
      .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', profile: true, fresh: true })
    assert.match(await refused(body.id), /comes when it has succeeded/)
    await api.request.delete(`/v1/runs/${body.id}`)
    api.worker.autoMs = 1
    const { data, errors } = await graphql(`{ run(id: "${plain}") { id layerProfile { convention } } }`)
    assert.deepEqual([data.run.layerProfile, errors[0].extensions.code], [null, 'NO_PROFILE'])
    const none = '01890a5d-ac96-774b-bcce-b302099a8057'
    assert.equal((await api.request.get(`/v1/runs/${none}/profile`).expect(404)).body.code, 'RUN_NOT_FOUND')
  })
})
