import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { lectureAlexNet, openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const register = (body: object) => api.request.post('/v1/architectures').send(body)

describe('registering', () => {
  it('the lecture’s AlexNet by JSON, and the same again is the same', async () => {
    const first = await register(lectureAlexNet).expect(201)
    assert.equal(first.headers.location, `/v1/architectures/${first.body.id}`)
    assert.match(first.body.digest, /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual(first.body.source, { kind: 'json' })
    // Sum of the lecture's parameter column: 23,296 + 307,392 + 663,936 + 884,992 + 590,080 + 37,752,832 + 16,781,312 + 4,097,000.
    assert.equal(first.body.counts.params, 61_100_840)
    const again = await register(lectureAlexNet).expect(200)
    assert.equal(again.body.id, first.body.id)
    assert.equal(again.headers.location, first.headers.location)
    const renamed = await register({ ...lectureAlexNet, name: 'another' }).expect(201)
    assert.notEqual(renamed.body.id, first.body.id)
    assert.equal(renamed.body.digest, first.body.digest)
  })

  it('the digest does not depend on how the graph is written down', async () => {
    const plain = await register(smallNetwork(1)).expect(201)
    const { layers, input } = smallNetwork(1)
    const written = await register({
      layers: layers.map((layer) => Object.fromEntries(Object.entries(layer).reverse())),
      inputs: [{ shape: input.shape, id: 'input' }],
      name: 'small, in another order',
    }).expect(201)
    assert.equal(written.body.digest, plain.body.digest)
    const wider = await register(smallNetwork(2)).expect(201)
    assert.notEqual(wider.body.digest, plain.body.digest)
  })

  it('a preset of the zoo, with every option written out', async () => {
    const { body } = await register({ name: 'r50', zoo: { preset: 'resnet50' } }).expect(201)
    assert.equal(body.counts.macs, 4_089_184_256)
    assert.equal(body.counts.params, 25_557_032)
    assert.equal(body.source.kind, 'zoo')
    assert.equal(body.source.preset, 'resnet50')
    assert.deepEqual(body.source.options.depths, [3, 4, 6, 3])
  })

  it('its graph can be registered again and is the same', async () => {
    const { body } = await register(lectureAlexNet)
    const graph = await api.request.get(body.links.graph).expect(200)
    const again = await register({ name: 'copy', ...graph.body }).expect(201)
    assert.equal(again.body.digest, body.digest)
  })
})

describe('models of other tools', () => {
  const fixture = (path: string) => JSON.parse(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8'))
  const figures = fixture('reference/keras/reference.json')

  it('Keras 3 JSON of NASNet mobile, whole, and its costs', async () => {
    const { body } = await register({ name: 'nasnet', keras: fixture('keras/NASNetMobile.keras3.json') }).expect(201)
    assert.deepEqual(body.source, { kind: 'keras' })
    assert.equal(body.counts.params, figures.NASNetMobile.trainable)
    assert.equal(body.counts.macs, figures.NASNetMobile.macs_conv_dense)
    const costs = await api.request.get(body.links.costs).expect(200)
    assert.equal(costs.body.totals.buffers, figures.NASNetMobile.non_trainable)
    const graph = await api.request.get(body.links.graph).expect(200)
    assert.equal((await register({ name: 'copy', ...graph.body }).expect(201)).body.digest, body.digest)
  })

  it('TF.js and Keras 2 write one network, which has one digest; GraphQL takes it too', async () => {
    const tfjs = await register({ name: 'by tfjs', tfjs: fixture('tfjs/ResNet50.model.json') }).expect(201)
    assert.deepEqual(tfjs.body.source, { kind: 'tfjs' })
    const { body } = await api.request
      .post('/graphql')
      .send({
        query: 'mutation ($input: NewArchitectureInput!) { registerArchitecture(input: $input) { architecture { digest source } } }',
        variables: { input: { name: 'by graphql', keras: fixture('keras/ResNet50.keras2.json') } },
      })
      .expect(200)
    assert.deepEqual(body.errors, undefined)
    const { architecture } = body.data.registerArchitecture
    assert.equal(architecture.digest, tfjs.body.digest)
  })

  it('weights that two calls share are said in the costs', async () => {
    const inbound = (name: string) => [[name, 0, 0, {}]]
    const keras = {
      class_name: 'Functional',
      config: {
        layers: [
          { class_name: 'InputLayer', config: { batch_input_shape: [null, 4], name: 'x' }, inbound_nodes: [] },
          { class_name: 'Dense', config: { units: 4, name: 'fc' }, inbound_nodes: [inbound('x'), inbound('fc')] },
        ],
        input_layers: [['x', 0, 0]],
        output_layers: [['fc', 1, 0]],
      },
    }
    const { body } = await register({ name: 'twice', keras }).expect(201)
    assert.deepEqual(body.counts, { layers: 2, params: 20, macs: 32, partial: false, uncounted: [] })
    const costs = await api.request.get(body.links.costs).expect(200)
    assert.deepEqual(
      costs.body.layers.map((layer: { weightsOf?: string }) => layer.weightsOf),
      [undefined, 'fc'],
    )
  })

  it('sizes that a model leaves open come beside it', async () => {
    const open = {
      class_name: 'Sequential',
      config: { layers: [{ class_name: 'Flatten', config: { name: 'f', batch_input_shape: [null, null, 2] } }] },
    }
    assert.equal((await register({ name: 'open', keras: open }).expect(422)).body.errors[0].path, '/keras/config/layers/0/config')
    await register({ name: 'open', keras: open, inputShape: [7, 2] }).expect(201)
    assert.equal((await register({ name: 'open', keras: open, inputShape: [7, 3] }).expect(422)).body.code, 'INVALID_KERAS')
    assert.equal((await register({ name: 'open', keras: open, inputShape: [0] }).expect(400)).body.errors[0].path, '/inputShape')
    assert.equal(
      (await register({ name: 'x', zoo: { preset: 'resnet50' }, inputShape: [7] }).expect(400)).body.errors[0].path,
      '/inputShape',
    )
  })

  it('a layer that is not known is named, with its place in what was sent', async () => {
    const layers = [{ class_name: 'LSTM', config: { name: 'memory', units: 3, batch_input_shape: [null, 5, 2] } }]
    const keras = { class_name: 'Sequential', config: { layers } }
    const { body } = await register({ name: 'rnn', keras }).expect(422)
    assert.equal(body.code, 'INVALID_KERAS')
    assert.deepEqual(body.errors, [
      { path: '/keras/config/layers/0/class_name', layerId: 'memory', message: 'memory has the class LSTM, which is not known here' },
    ])
    const model = { modelTopology: { model_config: keras } }
    assert.equal(
      (await register({ name: 'rnn', tfjs: model }).expect(422)).body.errors[0].path,
      '/tfjs/modelTopology/model_config/config/layers/0/class_name',
    )
    for (const other of [{ tfjs: model }, { zoo: { preset: 'resnet50' } }, { layers: [] }])
      assert.equal((await register({ name: 'both', keras, ...other }).expect(400)).body.code, 'INVALID_REQUEST')
    await register({ name: 'text', keras: JSON.stringify(keras) }).expect(422)
  })
})

describe('what is wrong is said, all of it', () => {
  const refused = async (body: object | string, status: number, code: string) => {
    const answer = await api.request.post('/v1/architectures').set('content-type', 'application/json').send(body).expect(status)
    assert.match(answer.headers['content-type'] as string, /^application\/problem\+json/)
    assert.equal(answer.body.code, code)
    assert.equal(answer.body.status, status)
    assert.equal(answer.body.requestId, answer.headers['x-request-id'])
    return answer.body as { detail: string; errors: { path: string; message: string; layerId?: string | null }[] }
  }

  it('unknown keys with the nearest name, a missing name and a bad graph at once', async () => {
    const { errors } = await refused(
      { nmae: 'x', input: { shape: [3, 8, 8] }, layers: [{ type: 'Conv2d', outChannels: 4, kernel_size: 3 }] },
      400,
      'INVALID_REQUEST',
    )
    const by = new Map(errors.map((error) => [error.path, error.message]))
    assert.match(by.get('/nmae') ?? '', /use one of name, input/)
    assert.match(by.get('/name') ?? '', /missing/)
    assert.match(by.get('/layers/0/kernel_size') ?? '', /did you mean "kernelSize"/)
  })
  it('neither graph nor zoo, and both', async () => {
    await refused({ name: 'x' }, 400, 'INVALID_REQUEST')
    await refused({ name: 'x', zoo: { preset: 'resnet50' }, layers: [] }, 400, 'INVALID_REQUEST')
    await refused({ name: 'x', zoo: { preset: 'resnet50', family: 'resnet' } }, 400, 'INVALID_REQUEST')
    await refused({ name: 'x', zoo: 3 }, 400, 'INVALID_REQUEST')
    await refused({ name: 'x'.repeat(201), zoo: { preset: 'resnet50' } }, 400, 'INVALID_REQUEST')
    await refused('[]', 400, 'INVALID_REQUEST')
    await refused('null', 400, 'INVALID_REQUEST')
  })
  it('a graph that does not fit, with layer and path', async () => {
    const { errors } = await refused(
      { name: 'x', input: { shape: [3, 8, 8] }, layers: [{ id: 'c', type: 'Conv2d', outChannels: 4, kernelSize: 9 }] },
      422,
      'INVALID_GRAPH',
    )
    assert.deepEqual(
      errors.map(({ path, layerId }) => [path, layerId]),
      [['/layers/0/kernelSize', 'c']],
    )
  })
  it('a zoo reference that does not exist or does not fit', async () => {
    assert.match((await refused({ name: 'x', zoo: { preset: 'resnet51' } }, 422, 'UNKNOWN_ZOO_PRESET')).detail, /resnet50/)
    assert.match((await refused({ name: 'x', zoo: { family: 'resnte' } }, 422, 'UNKNOWN_ZOO_FAMILY')).detail, /resnet/)
    await refused({ name: 'x', zoo: { family: 'resnet', options: { depths: 'many' } } }, 422, 'INVALID_ZOO_OPTIONS')
  })
  it('a count past 2^53 − 1', async () => {
    const layers = Array.from({ length: 3 }, () => ({ type: 'Conv2d', outChannels: 1_000_000, kernelSize: 1 }))
    await refused({ name: 'x', input: { shape: [1, 1000, 1000] }, layers }, 422, 'COST_OVERFLOW')
  })
  it('what is no JSON, no JSON type, and too much', async () => {
    await refused('{"name": ', 400, 'MALFORMED_JSON')
    await refused('', 400, 'MALFORMED_JSON')
    const text = await api.request.post('/v1/architectures').set('content-type', 'text/plain').send('hello').expect(415)
    assert.equal(text.body.code, 'UNSUPPORTED_MEDIA_TYPE')
    const large = await api.request
      .post('/v1/architectures')
      .set('content-type', 'application/json')
      .send(`{"name":"${'x'.repeat(2 ** 21)}"}`)
      .expect(413)
    assert.equal(large.body.code, 'BODY_TOO_LARGE')
    assert.match(large.body.detail, /as an ONNX file in a form, or raise MAX_BODY_BYTES/)
  })
  it('a name that the database cannot hold', async () => {
    for (const name of ['a\u0000b', 'a\ud800', '\udc00']) await refused({ ...smallNetwork(3), name }, 422, 'INVALID_TEXT')
  })
  it('a name with a control character or one that turns the direction of writing', async () => {
    for (const name of ['a\u0007b', 'a\nb', 'a\u202eb', '\u2066a', 'a\u0085'])
      await refused({ ...smallNetwork(3), name }, 422, 'INVALID_TEXT')
    await register({ ...smallNetwork(3), name: 'Сеть 网络 شبكة' })
  })
  it('a query where none is taken', async () => {
    for (const path of ['/v1/rewrites', '/v1/conventions', '/v1/devices', '/v1/queue']) {
      const { body } = await api.request.get(`${path}?x=1`).expect(400)
      assert.equal(body.errors[0].message, 'unknown key "x": none is taken here')
    }
  })
})

describe('finding', () => {
  it('pages through all, newest first, each once', async () => {
    const names: string[] = []
    for (let i = 0; i < 5; i++) names.push((await register({ ...smallNetwork(20 + i), name: `paged ${i}` })).body.name)
    const seen: string[] = []
    let after = ''
    do {
      const { body } = await api.request.get(`/v1/architectures?search=PAGED&limit=2${after}`).expect(200)
      assert.ok(body.items.length <= 2)
      seen.push(...body.items.map((item: { name: string }) => item.name))
      after = body.nextCursor === null ? '' : `&after=${encodeURIComponent(body.nextCursor)}`
    } while (after)
    assert.deepEqual(seen, names.reverse())
  })
  it('by digest, and with wildcards taken as they are', async () => {
    const { body } = await register({ ...smallNetwork(30), name: '100 % _sure_' }).expect(201)
    const found = await api.request.get(`/v1/architectures?digest=${body.digest}`).expect(200)
    assert.deepEqual(
      found.body.items.map((item: { id: string }) => item.id),
      [body.id],
    )
    assert.equal((await api.request.get('/v1/architectures?search=%25%20_s')).body.items.length, 1)
    assert.equal((await api.request.get('/v1/architectures?search=%25%25')).body.items.length, 0)
  })
  it('refuses what is no page', async () => {
    const cursor = await api.request.get('/v1/architectures?after=nonsense').expect(400)
    assert.equal(cursor.body.code, 'INVALID_CURSOR')
    const limit = await api.request.get('/v1/architectures?limit=1e3&limti=2').expect(400)
    assert.equal(limit.body.errors.length, 2)
  })
})

describe('deleting', () => {
  it('hides it at once, and the name is free again', async () => {
    const { body } = await register(smallNetwork(40)).expect(201)
    await api.request.get(body.links.costs).expect(200)
    await api.request.delete(body.links.self).expect(204)
    for (const link of [body.links.self, body.links.graph, body.links.costs])
      assert.equal((await api.request.get(link).expect(404)).body.code, 'ARCHITECTURE_NOT_FOUND')
    assert.equal((await api.request.delete(body.links.self).expect(404)).body.code, 'ARCHITECTURE_NOT_FOUND')
    const again = await register(smallNetwork(40)).expect(201)
    assert.notEqual(again.body.id, body.id)
  })
  it('an id that is none is not found', async () => {
    await api.request.get('/v1/architectures/1').expect(404)
    await api.request.get(`/v1/architectures/${encodeURIComponent("'; drop table architectures; --")}`).expect(404)
  })
})

describe('a preview', () => {
  const zoo = { name: 'half', zoo: { family: 'mobilenet_v2', options: { widthMultiplier: 0.5 } } }

  it('says what would be registered and what it costs, and registers nothing', async () => {
    const before = (await api.request.get('/v1/architectures?total=true')).body.total
    const { body } = await api.request.post('/v1/architectures?preview=true').send(zoo).expect(200)
    assert.equal((await api.request.get('/v1/architectures?total=true')).body.total, before)
    const registered = (await api.request.post('/v1/architectures').send(zoo).expect(201)).body
    assert.equal(body.digest, registered.digest)
    assert.deepEqual(body.source, registered.source)
    const { inputs, totals } = (await api.request.get(registered.links.costs)).body
    assert.deepEqual({ inputs: body.inputs, totals: body.totals }, { inputs, totals })
    const { data } = (
      await api.request.post('/graphql').send({
        query: 'query ($input: NewArchitectureInput!) { architecturePreview(input: $input) { name totals { macs params } } }',
        variables: { input: zoo },
      })
    ).body
    assert.deepEqual(data.architecturePreview, { name: 'half', totals: { macs: totals.macs, params: totals.params } })
  })

  it('refuses what registration would refuse, at the same place', async () => {
    const wrong = { name: 'wrong', zoo: { family: 'mobilenet_v2', options: { widthMultiplier: -1 } } }
    const preview = await api.request.post('/v1/architectures?preview=true').send(wrong)
    const registration = await api.request.post('/v1/architectures').send(wrong)
    assert.equal(preview.status, registration.status)
    assert.deepEqual(preview.body.errors, registration.body.errors)
    assert.match(preview.body.errors[0].path, /^\/zoo\/options/)
    for (const name of ['\ud800', 'a\u0000b', '\u202eabc'])
      for (const path of ['/v1/architectures?preview=true', '/v1/architectures'])
        assert.equal(
          (
            await api.request
              .post(path)
              .send({ ...zoo, name })
              .expect(422)
          ).body.code,
          'INVALID_TEXT',
          path,
        )
  })

  it('and a registration refuse what the address says of a file where the body is JSON', async () => {
    for (const path of ['/v1/architectures?preview=true&', '/v1/architectures?'])
      for (const [key, value] of Object.entries({ name: 'other', dims: 'H:3', inputShape: '3,32,32' })) {
        const { body } = await api.request.post(`${path}${key}=${value}`).send(zoo).expect(400)
        assert.deepEqual([body.code, body.errors.map((each: { path: string }) => each.path)], ['INVALID_REQUEST', [`/${key}`]])
      }
  })
})
