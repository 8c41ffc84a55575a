import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const recommend = async (query: string) => (await api.request.get(`/v1/recommend${query}`).expect(200)).body

describe('a recommendation', () => {
  it('is the most accurate network within a limit, by torchvision’s tables', async () => {
    // torchvision's table of weights: below 400 M multiply-adds nothing passes EfficientNet-B0 (77.692 %, 386 M), and
    // without the limit nothing passes EfficientNet v2 L (85.808 %) but RegNet Y-128GF under SWAG's weights (86.068 %).
    const body = await recommend('?maxMacs=400000000')
    assert.equal(body.chosen.preset, 'efficientnet_b0')
    assert.equal(body.chosen.top1, 77.692)
    assert.match(body.chosen.source, /^torchvision 0\.24, efficientnet_b0, weights IMAGENET1K_V1/)
    assert.equal(body.binding, 'macs')
    assert.equal(body.limits[0].without.preset, 'regnet_y_128gf')
    assert.match(body.reason, /maxMacs binds: 96\.5 % of it is used, and without it regnet_y_128gf/)
    for (const { macs } of body.front) assert.ok(macs <= 400e6)
  })

  it('takes a mobile network for efficiency, as the lecture does', async () => {
    const body = await recommend('?objective=efficiency')
    assert.match(body.chosen.preset, /^(mobilenet|shufflenet|mnasnet|efficientnet_b0)/)
    assert.deepEqual(body.axes, ['macs'])
    assert.ok(body.runnerUp.ratios[0].ratio > 0)
  })

  it('names architectures that are registered of the network, and leaves out presets without a comparable top-1', async () => {
    const { body: registered } = await api.request.post('/v1/architectures').send({ name: 'mine', zoo: { preset: 'efficientnet_b0' } })
    await api.request.post('/v1/architectures').send({ name: 'other', zoo: { preset: 'efficientnet_b0', options: { resolution: 192 } } })
    const body = await recommend('?maxMacs=400000000')
    assert.deepEqual(body.chosen.architectures, [{ id: registered.id, name: 'mine' }])
    const leftOut = new Map(body.leftOut.map(({ preset, reason }: { preset: string; reason: string }) => [preset, reason]))
    assert.match(leftOut.get('alexnet_2012') as string, /ILSVRC-2010/)
    assert.match(leftOut.get('alexnet_lecture') as string, /no top-1/)
  })

  it('says which limit to loosen where nothing fits', async () => {
    // Keras: MobileNet with alpha 0.25 has 470,072 trainable parameters.
    const body = await recommend('?maxParams=100000')
    assert.equal(body.chosen, null)
    assert.deepEqual(body.front, [])
    assert.equal(body.loosen[0].least, 470_072)
    assert.match(body.reason, /raise maxParams to 470,072 for mobilenet_v1_x0_25/)
    const both = await recommend('?maxParams=100000&maxMacs=1000')
    assert.deepEqual(both.loosen, [])
    // torchvision: ShuffleNet v2 ×0.5, the least multiply-adds of all (0.040 G), has 1,366,792 parameters.
    assert.match(both.reason, /nearest is shufflenet_v2_x0_5, which needs maxMacs to 40,476,448 and maxParams to 1,366,792/)
  })

  it('is the same by GraphQL', async () => {
    const query = '{ recommend(maxMacs: 400000000) { reason chosen { preset top1 } binding front { preset } } }'
    const { body } = await api.request.post('/graphql').send({ query }).expect(200)
    const { reason, binding, chosen, front } = await recommend('?maxMacs=400000000')
    assert.ok(body.data, JSON.stringify(body.errors))
    assert.deepEqual(body.data.recommend, {
      reason,
      binding,
      chosen: { preset: chosen.preset, top1: chosen.top1 },
      front: front.map(({ preset }: { preset: string }) => ({ preset })),
    })
  })

  it('refuses unknown limits and what is no number', async () => {
    await api.request.get('/v1/recommend?maxMac=1').expect(400)
    await api.request.get('/v1/recommend?maxMacs=0').expect(400)
    await api.request.get('/v1/recommend?objective=fun').expect(400)
  })
})
