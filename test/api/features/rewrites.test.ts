import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { exportOnnx } from '../../../src/engine/formats/onnx-export.ts'
import { importOnnx } from '../../../src/engine/formats/onnx-import/index.ts'
import { rewrites } from '../../../src/engine/rewrites/index.ts'
import { seededInput } from '../../../src/engine/weights.ts'
import { distance, graphOf, runOnnx, seed } from '../../engine/run-graph.ts'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
let vgg: { id: string; digest: string; links: { self: string } }
before(async () => {
  api = await openTestApi()
  vgg = (
    await api.request
      .post('/v1/architectures')
      .send({ name: 'VGG', zoo: { preset: 'vgg16_bn' } })
      .expect(201)
  ).body
})
after(() => api.close())

const rewrite = (id: string, body: object) => api.request.post(`/v1/architectures/${id}/rewrites`).send(body)

describe('rewrites over HTTP', () => {
  it('are listed with their options', async () => {
    const { items } = (await api.request.get('/v1/rewrites').expect(200)).body
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      rewrites.map(({ name }) => name),
    )
    const grouped = items.find(({ name }: { name: string }) => name === 'grouped')
    assert.equal(grouped.options.properties.groups.default, 2)
  })

  it('are shown under a name that registration would take', async () => {
    const recipe = [{ rewrite: 'foldBatchNorm' }]
    for (const preview of [true, false])
      assert.equal((await rewrite(vgg.id, { recipe, name: 'a\u0000b', preview }).expect(422)).body.code, 'INVALID_TEXT')
  })

  it('are shown without being registered', async () => {
    const { body } = await rewrite(vgg.id, { recipe: [{ rewrite: 'foldBatchNorm' }], preview: true }).expect(200)
    assert.equal(body.architecture, null)
    // torchvision's figures for vgg16_bn and vgg16.
    assert.deepEqual([body.before.params, body.after.params, body.difference.params], [138_365_992, 138_357_544, -8448])
    assert.equal(body.exact, true)
    assert.equal(body.receptiveField.kept, true)
    assert.equal(body.weights.new, 0)
    assert.equal((await api.request.get('/v1/architectures')).body.items.length, 1)
  })

  it('are registered with parent and recipe, the second time as the same architecture, and compose', async () => {
    const recipe = [{ rewrite: 'foldBatchNorm' }, { rewrite: 'globalAveragePooling' }]
    const { body, headers } = await rewrite(vgg.id, { recipe, name: 'small VGG' }).expect(201)
    const made = body.architecture
    assert.equal(headers.location, made.links.self)
    assert.equal(made.name, 'small VGG')
    assert.equal(made.counts.params, 14_714_688 + 512 * 1000 + 1000)
    assert.equal(made.source.kind, 'rewrite')
    assert.deepEqual(made.source.parent, { id: vgg.id, digest: vgg.digest, name: 'VGG' })
    assert.deepEqual(
      made.source.recipe.map((step: { rewrite: string }) => step.rewrite),
      ['foldBatchNorm', 'globalAveragePooling'],
    )
    assert.equal(made.source.weights.new, 512 * 1000 + 1000)
    const costs = (await api.request.get(made.links.costs).expect(200)).body
    assert.equal(costs.totals.params, made.counts.params)
    assert.equal((await rewrite(vgg.id, { recipe, name: 'small VGG' }).expect(200)).body.architecture.id, made.id)
    const again = (await rewrite(made.id, { recipe: [{ rewrite: 'depthwiseSeparable' }] }).expect(201)).body
    assert.equal(again.architecture.source.parent.id, made.id)
    assert.equal(again.architecture.name, 'small VGG (depthwiseSeparable)')
  })

  it('that do not fit are refused with the place and the reason', async () => {
    const none = await rewrite(vgg.id, { recipe: [{ rewrite: 'stack3x3' }] }).expect(422)
    assert.equal(none.body.code, 'REWRITE_NOT_APPLICABLE')
    assert.match(none.body.detail, /nothing to stack/)
    const unknown = await rewrite(vgg.id, { recipe: [{ rewrite: 'depthwise' }] }).expect(422)
    assert.equal(unknown.body.code, 'UNKNOWN_REWRITE')
    const options = await rewrite(vgg.id, { recipe: [{ rewrite: 'scaleWidth', options: { factor: 0 } }] }).expect(422)
    assert.equal(options.body.errors[0].path, '/recipe/0/options/factor')
    const empty = await rewrite(vgg.id, { recipe: [] }).expect(400)
    assert.match(empty.body.detail, /recipe has 0 entries, but must be a list of 1 to 20/)
    const [before, mutation] = [
      (await api.request.get('/v1/architectures')).body.items.length,
      `mutation { rewriteArchitecture(id: "${vgg.id}", input: { recipe: [] }) { architecture { id } } }`,
    ]
    const { errors } = (await api.request.post('/graphql').send({ query: mutation })).body
    assert.match(errors[0].message, /recipe has 0 entries/)
    assert.equal((await api.request.get('/v1/architectures')).body.items.length, before)
    await rewrite(vgg.id, { recipe: [{ rewrite: 'scaleWidth', option: {} }] }).expect(400)
    await rewrite('01890a5d-ac96-774b-bcce-b302099a8057', { recipe: [{ rewrite: 'scaleWidth' }] }).expect(404)
  })

  it('are the same over GraphQL', async () => {
    const query = `query ($id: ID!) { rewritePreview(architectureId: $id, recipe: [{ rewrite: "lowRank", options: { keep: 0.5 } }]) {
      difference { params macs } architecture { id } layers { id change weights } } rewrites { name } }`
    const { data } = (
      await api.request
        .post('/graphql')
        .send({ query, variables: { id: vgg.id } })
        .expect(200)
    ).body
    const { body } = await rewrite(vgg.id, { recipe: [{ rewrite: 'lowRank', options: { keep: 0.5 } }], preview: true })
    assert.deepEqual(data.rewritePreview.difference, { params: body.difference.params, macs: body.difference.macs })
    assert.deepEqual(
      data.rewritePreview.layers,
      body.layers.map(({ id, change, weights }: Record<string, unknown>) => ({ id, change, weights })),
    )
    const mutation = `mutation ($id: ID!) { rewriteArchitecture(id: $id, input: { recipe: [{ rewrite: "scaleDepth" }] }) {
      architecture { name counts { params } source } } }`
    const made = (
      await api.request
        .post('/graphql')
        .send({ query: mutation, variables: { id: vgg.id } })
        .expect(200)
    ).body
    // torchvision's vgg11_bn.
    assert.equal(made.data.rewriteArchitecture.architecture.counts.params, 132_868_840)
    assert.equal(made.data.rewriteArchitecture.architecture.source.kind, 'rewrite')
  })

  it('take the weights of an uploaded file along: folded, its outputs are the same to 1e-5', async () => {
    const graph = graphOf(
      [3, 16, 16],
      [
        { id: 'conv', type: 'Conv2d', outChannels: 8, kernelSize: 3, padding: 1, bias: false },
        { id: 'norm', type: 'BatchNorm2d' },
        { id: 'relu', type: 'ReLU' },
        { id: 'conv2', type: 'Conv2d', outChannels: 8, kernelSize: 3, stride: 2 },
        { id: 'norm2', type: 'BatchNorm2d' },
        { id: 'pool', type: 'GlobalAvgPool2d' },
        { id: 'flatten', type: 'Flatten' },
        { id: 'fc', type: 'Linear', outFeatures: 5 },
      ],
    )
    // Another seed than registered networks are run with, so that its weights are nobody's default.
    const file = exportOnnx(graph, { seed: 41, storage: 'inline' })
    const upload = await api.request
      .post('/v1/architectures?name=trained')
      .set('content-type', 'application/octet-stream')
      .send(Buffer.from(file.model))
      .expect(201)
    const { body } = await rewrite(upload.body.id, { recipe: [{ rewrite: 'foldBatchNorm' }] }).expect(201)
    assert.equal(body.ownWeights, true)
    assert.equal(body.weights.new, 0)
    assert.ok(body.architecture.source.file.bytes > 0)
    const folded = await api.request
      .get(`${body.architecture.links.self}/export?format=onnx&weights=file`)
      .buffer(true)
      .parse((response, done) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => done(null, Buffer.concat(parts)))
      })
      .expect(200)
    const model = importOnnx(folded.body)
    assert.ok(!model.graph.layers.some(({ type }) => type === 'BatchNorm2d'))
    const inputs = { input: seededInput(seed, 'input', 3 * 16 * 16) }
    const [was] = await runOnnx(graph, inputs, { seed: 41 })
    const named = { [model.graph.inputs[0]!.id]: inputs.input }
    const [is] = await runOnnx(model.graph, named, { parameterOf: model.parameterOf })
    assert.ok(distance(is!, was!) < 1e-5, `${distance(is!, was!)}`)
  })
})
