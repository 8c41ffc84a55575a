import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { lectureAlexNet, openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let costs: string
before(async () => {
  api = await openTestApi()
  costs = (await api.request.post('/v1/architectures').send(lectureAlexNet).expect(201)).body.links.costs
})
after(() => api.close())

type Row = { id: string; memoryKiB: number; params: number; flops: number; macs: number; outputShape: number[] }

describe('costs over HTTP', () => {
  it('are the lecture’s table', async () => {
    const { body } = await api.request.get(costs).expect(200)
    assert.equal(body.convention, 'lecture')
    const rows = new Map<string, Row>(body.layers.map((layer: Row) => [layer.id, layer]))
    // EECS 498-007 lecture 8, AlexNet: memory in KB, parameters, flops.
    const row = (id: string) => [rows.get(id)!.memoryKiB, rows.get(id)!.params, rows.get(id)!.flops]
    assert.deepEqual(row('conv1'), [784, 23_296, 72_855_552])
    assert.deepEqual(row('pool1'), [182.25, 0, 419_904])
    assert.deepEqual(row('fc6').slice(1), [37_752_832, 37_748_736])
    assert.deepEqual(rows.get('conv1')!.outputShape, [64, 56, 56])
    for (const key of ['params', 'flops', 'macs'] as const)
      assert.equal(
        body.layers.reduce((sum: number, layer: Row) => sum + layer[key], 0),
        body.totals[key],
      )
    assert.deepEqual(body.uncounted, [])
  })

  it('follow batch, resolution, dtype and convention', async () => {
    const one = (await api.request.get(costs)).body
    const eight = (await api.request.get(`${costs}?batch=8&dtype=float16`)).body
    assert.equal(eight.totals.macs, 8 * one.totals.macs)
    assert.equal(eight.totals.params, one.totals.params)
    assert.equal(eight.totals.weightBytes, one.totals.weightBytes / 2)
    assert.equal(eight.dtype, 'float16')
    const full = (await api.request.get(`${costs}?convention=full`)).body
    assert.equal(full.convention, 'full')
    assert.equal(full.totals.macs, one.totals.macs)
    assert.ok(full.totals.flops > 2 * one.totals.macs)
    const { body: conv } = await api.request.post('/v1/architectures').send({
      name: 'convolution alone',
      input: { shape: [3, 32, 32] },
      layers: [{ id: 'c', type: 'Conv2d', outChannels: 8, kernelSize: 3 }],
    })
    const wide = (await api.request.get(`${conv.links.costs}?resolution=16x64`)).body
    assert.deepEqual(wide.layers[0].outputShape, [8, 14, 62])
    assert.deepEqual((await api.request.get(`${conv.links.costs}?resolution=16`)).body.layers[0].outputShape, [8, 14, 14])
  })

  it('come as CSV by Accept, with the convention in every row', async () => {
    const { text, headers } = await api.request.get(`${costs}?convention=full`).set('accept', 'text/html;q=0.3, text/csv').expect(200)
    assert.match(headers['content-type'] as string, /^text\/csv/)
    assert.equal(headers['content-disposition'], 'attachment; filename="lecture_AlexNet-full-costs.csv"')
    assert.match(headers.vary as string, /accept/i)
    const [head, ...rows] = text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','))
    const column = (name: string) => rows.map((row) => row[head!.indexOf(name)])
    const { body } = await api.request.get(`${costs}?convention=full`)
    assert.deepEqual(
      column('id'),
      body.layers.map((layer: Row) => layer.id),
    )
    assert.deepEqual(
      column('flops').map(Number),
      body.layers.map((layer: Row) => layer.flops),
    )
    assert.equal(column('outputShape')[0], '64x56x56')
    assert.deepEqual(new Set(column('convention')), new Set(['full']))
    await api.request.get(costs).set('accept', 'image/png').expect(406)
    await api.request.get(costs).set('accept', 'application/json;q=0, */*').expect(200).expect('content-type', /csv/)
  })

  it('name their bytes: 304 to who has them', async () => {
    const first = await api.request.get(costs)
    const etag = first.headers.etag as string
    await api.request.get(costs).set('if-none-match', etag).expect(304)
    for (const known of [`"other", ${etag}`, etag.replace('W/', ''), '*'])
      await api.request.get(costs).set('if-none-match', known).expect(304)
    await api.request.get(costs).set('if-none-match', '"other"').expect(200)
    const other = await api.request.get(`${costs}?batch=2`).set('if-none-match', etag).expect(200)
    assert.notEqual(other.headers.etag, etag)
    assert.notEqual((await api.request.get(costs).set('accept', 'text/csv')).headers.etag, etag)
  })

  it('say what is wrong with the question', async () => {
    const code = async (query: string, status: number) => (await api.request.get(`${costs}?${query}`).expect(status)).body
    assert.match((await code('convention=lectures', 400)).detail, /use one of lecture/)
    assert.equal((await code('convention=lectures', 400)).code, 'UNKNOWN_CONVENTION')
    for (const query of ['batch=0', 'batch=1.5', 'resolution=224x', 'resolution=0', 'dtype=float', 'batch=1&batch=2', 'resolutoin=224'])
      assert.equal((await code(query, 400)).code, 'INVALID_REQUEST', query)
    const small = await code('resolution=5', 422)
    assert.equal(small.code, 'INVALID_RESOLUTION')
    assert.ok(small.errors[0].layerId)
    assert.equal((await code('batch=2147483647&resolution=227', 422)).code, 'COST_OVERFLOW')
  })

  it('of a deleted architecture are gone at once, also where they were kept', async () => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(60)).expect(201)
    for (let i = 0; i < 2; i++) await api.request.get(body.links.costs).expect(200)
    const racing = Array.from({ length: 5 }, (_, i) => api.request.get(`${body.links.costs}?batch=${i + 2}`))
    await Promise.all([api.request.delete(body.links.self).expect(204), ...racing])
    for (let i = 0; i < 7; i++) await api.request.get(`${body.links.costs}?batch=${i + 1}`).expect(404)
  })

  it('of a deleted architecture are gone under every spelling of its id', async () => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(61)).expect(201)
    const shouted = `/v1/architectures/${body.id.toUpperCase()}`
    await api.request.get(`${shouted}/costs`).expect(200)
    await api.request.delete(body.links.self).expect(204)
    await api.request.get(`${shouted}/costs`).expect(404)
    const again = await api.request.post('/v1/architectures').send(smallNetwork(61)).expect(201)
    await api.request.get(again.body.links.costs).expect(200)
    await api.request.delete(`/v1/architectures/${again.body.id.toUpperCase()}`).expect(204)
    await api.request.get(again.body.links.costs).expect(404)
  })

  it('are worked out once for both faces', async (t) => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(62)).expect(201)
    const worked = t.mock.method(api.pool, 'costs')
    const rest = (await api.request.get(`${body.links.costs}?convention=full&batch=3`).expect(200)).body
    const query = `{ costs(architectureId: "${body.id}", convention: full, batch: 3) { totals { flops } } }`
    for (let i = 0; i < 2; i++) {
      const answer = await api.request.post('/graphql').send({ query }).expect(200)
      assert.equal(answer.body.data.costs.totals.flops, rest.totals.flops)
    }
    assert.equal(worked.mock.callCount(), 1)
  })

  it('are worked out once for all who ask at the same time', async (t) => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(63)).expect(201)
    const worked = t.mock.method(api.pool, 'costs')
    const ask = async () => (await fetch(`${api.url}${body.links.costs}?batch=7`)).status
    assert.deepEqual([...new Set(await Promise.all(Array.from({ length: 100 }, ask)))], [200])
    assert.equal(worked.mock.callCount(), 1)
  })

  it('of a graph too large for the event loop are the same as worked out here', async () => {
    const layers = Array.from({ length: 500 }, (_, i) => ({ type: 'Conv2d', outChannels: 1 + (i % 3), kernelSize: 1 }))
    const { body } = await api.request
      .post('/v1/architectures')
      .send({ name: 'long', input: { shape: [1, 10, 10] }, layers })
      .expect(201)
    const long = (await api.request.get(body.links.costs).expect(200)).body
    // Each layer: 100 positions × channels in × channels out, the channels going 1, 2, 3, 1, 2, 3 …
    const channels = [1, ...layers.map((layer) => layer.outChannels)]
    const macs = layers.reduce((sum, layer, i) => sum + 100 * channels[i]! * layer.outChannels, 0)
    assert.equal(long.totals.macs, macs)
    assert.equal(body.counts.macs, macs)
    assert.equal((await api.request.get(body.links.graph).expect(200)).body.layers.length, 500)
  })
})

describe('why two conventions differ, over HTTP', () => {
  const register = async (preset: string) =>
    (await api.request.post('/v1/architectures').send({ name: preset, zoo: { preset } }).expect(201)).body.links.costs as string

  it('ResNet-50 from thop to fvcore: twice as much for batch norm, and a pooling of its own', async () => {
    const resnet = await register('resnet50')
    const { body } = await api.request.get(`${resnet}/explain?from=thop&to=fvcore`).expect(200)
    // The two tools' own totals.
    assert.deepEqual(body.totals, { from: 4_133_742_592, to: 4_111_512_576, difference: 4_111_512_576 - 4_133_742_592 })
    assert.deepEqual([body.from, body.to, body.batch, body.inputs], ['thop', 'fvcore', 1, [{ id: 'input', shape: [3, 224, 224] }]])
    assert.deepEqual(body.items[0], {
      type: 'BatchNorm2d',
      layers: 53,
      from: 44_455_936,
      to: 22_227_968,
      difference: -22_227_968,
      why: 'thop counts 4 per element, 2 without scale and shift (`affine: false`); fvcore counts 2 per element, 1 without a learned scale (`affine: false` or `scale: false`).',
    })
    for (const name of ['from', 'to'] as const) {
      const { body: plain } = await api.request.get(`${resnet}?convention=${body[name]}&batch=3&resolution=160x192`).expect(200)
      const { body: other } = await api.request.get(`${resnet}/explain?from=thop&to=fvcore&batch=3&resolution=160x192`).expect(200)
      assert.equal(other.totals[name], plain.totals.flops)
      assert.deepEqual([other.batch, other.inputs], [3, plain.inputs])
    }
  })

  it('says what is wrong with the question', async () => {
    const code = async (query: string, status: number) => (await api.request.get(`${costs}/explain?${query}`).expect(status)).body.code
    assert.equal(await code('from=thop&to=lectures', 400), 'UNKNOWN_CONVENTION')
    assert.equal(await code('from=thops&to=lecture', 400), 'UNKNOWN_CONVENTION')
    for (const query of ['', 'from=thop', 'from=thop&to=', 'from=thop&to=lecture&batch=0', 'from=thop&to=lecture&convention=full'])
      assert.equal(await code(query, 400), 'INVALID_REQUEST', query)
    assert.equal(await code('from=thop&to=lecture&resolution=5', 422), 'INVALID_RESOLUTION')
    assert.equal(await code('from=thop&to=lecture&batch=2147483647', 422), 'COST_OVERFLOW')
    await api.request.get('/v1/architectures/01890a5d-ac96-774b-bcce-b302099a8057/costs/explain?from=thop&to=full').expect(404)
  })

  it('of a graph too large for the event loop comes from a thread, errors as well', async () => {
    const layers = Array.from({ length: 500 }, () => ({ type: 'Conv2d', outChannels: 2, kernelSize: 1 }))
    const { body } = await api.request
      .post('/v1/architectures')
      .send({ name: 'long, explained', input: { shape: [2, 10, 10] }, layers })
      .expect(201)
    const { body: found } = await api.request.get(`${body.links.costs}/explain?from=torch&to=ptflops`).expect(200)
    // Each layer: 200 output elements of 2 multiply-adds and a bias.
    assert.deepEqual(found.totals, { from: 500 * 800, to: 500 * 600, difference: -500 * 200 })
    const { body: refused } = await api.request
      .get(`${body.links.costs}/explain?from=torch&to=full&batch=2147483647&resolution=9999999`)
      .expect(422)
    assert.equal(refused.code, 'COST_OVERFLOW')
  })
})

describe('zoo and conventions', () => {
  it('list families, their options as JSON Schema, presets and published figures', async () => {
    const { body } = await api.request.get('/v1/zoo').expect(200)
    const resnet = body.items.find((family: any) => family.name === 'resnet')
    assert.ok(resnet.presets.includes('resnet50'))
    const { body: family } = await api.request.get(resnet.links.self).expect(200)
    assert.equal(family.options.type, 'object')
    assert.equal(family.options.properties.classes.default, 1000)
    const published = family.presets.find((preset: any) => preset.name === 'resnet50').published
    assert.ok(published.some((figure: any) => figure.quantity === 'params' && figure.value === 25_557_032 && figure.source))
    const none = await api.request.get('/v1/zoo/resnets').expect(404)
    assert.equal(none.body.code, 'ZOO_FAMILY_NOT_FOUND')
    assert.match(none.body.detail, /did you mean "resnet"/)
  })
  it('conventions are defined in words', async () => {
    const { body } = await api.request.get('/v1/conventions').expect(200)
    assert.deepEqual(
      body.items.map((item: any) => item.name),
      ['lecture', 'full', 'fvcore', 'torchinfo', 'ptflops', 'thop', 'torch', 'onnx'],
    )
    for (const item of body.items) assert.ok(item.definition.length > 40 && item.source)
  })
})

it('digits rounds fractions and leaves counts exact; CSV has every figure as it is', async () => {
  const { id } = (await api.request.post('/v1/architectures').send({ name: 'rounded', zoo: { preset: 'alexnet_lecture' } })).body
  const exact = (await api.request.get(`/v1/architectures/${id}/costs`).expect(200)).body
  const two = (await api.request.get(`/v1/architectures/${id}/costs?digits=2`).expect(200)).body
  assert.equal(two.totals.flops, exact.totals.flops)
  assert.notEqual(exact.totals.arithmeticIntensity, Number(exact.totals.arithmeticIntensity.toPrecision(2)))
  assert.equal(two.totals.arithmeticIntensity, Number(exact.totals.arithmeticIntensity.toPrecision(2)))
  assert.deepEqual((await api.request.get(`/v1/architectures/${id}/costs`)).body, exact)
  const csv = await api.request.get(`/v1/architectures/${id}/costs?digits=2`).set('accept', 'text/csv').expect(400)
  assert.equal(csv.body.errors[0].path, '/digits')
  const ratios = (await api.request.get(`/v1/compare?architectures=alexnet_lecture,vgg16_lecture&digits=3`).expect(200)).body.networks[1]
    .ratios
  for (const ratio of Object.values(ratios) as number[]) assert.equal(ratio, Number.isInteger(ratio) ? ratio : Number(ratio.toPrecision(3)))
})
