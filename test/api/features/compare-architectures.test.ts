import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { exampleId } from '../../../src/api/schemas.ts'
import { archmeter } from '../../cli/command.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const graphql = async (query: string) => (await api.request.post('/graphql').send({ query })).body

describe('architectures side by side', () => {
  it('VGG-16 against AlexNet: the lecture’s ×25 memory, ×2.3 parameters, ×19 flops; memory early, parameters late', async () => {
    const { body } = await api.request.get('/v1/compare?architectures=alexnet_lecture,vgg16_lecture&sort=memoryKiB').expect(200)
    const [alexnet, vgg] = body.networks
    assert.equal(Math.round(vgg.ratios.multiplyingMemoryKiB), 25)
    assert.equal(vgg.ratios.params.toFixed(1), '2.3')
    assert.equal(vgg.ratios.macs.toFixed(1), '19.0')
    assert.equal(alexnet.ratios.macs, 1)
    // Most memory at the first resolution; most parameters behind the flatten.
    assert.equal(vgg.ranking.groups[0].key, '224x224')
    assert.ok(vgg.ranking.groups[0].share.memoryKiB > 0.45)
    assert.ok(vgg.ranking.groups.find((group: { key: string }) => group.key === 'flat').share.params > 0.85)
    assert.equal(body.diff.difference.macs, vgg.totals.macs - alexnet.totals.macs)
  })

  it('a registered network beside presets, with batch and dtype; more than two have no diff', async () => {
    const { body: own } = await api.request.post('/v1/architectures').send(smallNetwork(41)).expect(201)
    const { body } = await api.request
      .get(
        `/v1/compare?architectures=${own.id.toUpperCase()}&architectures=resnet18&architectures=resnet50&batch=2&dtype=float16&groupBy=op`,
      )
      .expect(200)
    assert.deepEqual(
      body.networks.map(({ name }: { name: string }) => name),
      [own.name, 'resnet18', 'resnet50'],
    )
    assert.deepEqual([body.batch, body.dtype, body.diff], [2, 'float16', null])
    // torchvision's parameters, at two bytes each, and the running statistics of its batch norms.
    const [, resnet18] = body.networks
    assert.equal(resnet18.totals.params, 11_689_512)
    assert.equal(resnet18.totals.macs, 2 * 1_814_073_344)
    assert.equal(body.networks[0].ranking.groupBy, 'op')
  })

  it('says what is wrong', async () => {
    const refused = async (query: string, status: number, code: string, words: RegExp) => {
      const { body } = await api.request.get(`/v1/compare?${query}`).expect(status)
      assert.equal(body.code, code)
      assert.match(JSON.stringify(body), words)
    }
    await refused('architectures=resnet18,resnet5', 422, 'UNKNOWN_ZOO_PRESET', /did you mean \\"resnet50\\"/)
    await refused('architectures=resnet18,resnet5', 422, 'UNKNOWN_ZOO_PRESET', /"path":"\/architectures\/1"/)
    await refused(`architectures=${exampleId}`, 404, 'ARCHITECTURE_NOT_FOUND', new RegExp(exampleId))
    await refused('', 400, 'INVALID_REQUEST', /architectures/)
    await refused('architectures=resnet18&depth=3', 400, 'INVALID_REQUEST', /depth is for groupBy=block/)
    await refused('architectures=resnet18&convention=none', 400, 'UNKNOWN_CONVENTION', /lecture/)
  })

  it('the same over GraphQL, in a terminal and over HTTP', async () => {
    const { body } = await api.request.get('/v1/compare?architectures=resnet18,resnet34').expect(200)
    const { data, errors } = await graphql(`{ compareArchitectures(architectures: ["resnet18", "resnet34"]) {
      networks { name totals { macs } ratios { macs params } ranking { groupBy groups { key share { params } } } }
      diff { same added removed changed rule difference { macs } layers { status to type changes { what } } } } }`)
    assert.equal(errors, undefined)
    const { networks, diff } = data.compareArchitectures
    assert.deepEqual(
      networks.map(({ totals }: { totals: object }) => totals),
      body.networks.map(({ totals: { macs } }: { totals: { macs: number } }) => ({ macs })),
    )
    assert.deepEqual([diff.added, diff.changed, diff.removed], [56, 0, 0])
    assert.equal(diff.layers.length, body.diff.layers.length)
    const { out } = await archmeter(['compare', 'resnet18', 'resnet34', '-f', 'json'])
    assert.deepEqual(JSON.parse(out), {
      ...body,
      networks: body.networks.map(({ architecture: _, ...network }: { architecture: string }) => network),
    })
  })
})

describe('costs by group', () => {
  it('sorted, cut off, with shares; the rest makes the total whole; as CSV the rows are the groups', async () => {
    const { body: resnet } = await api.request.post('/v1/architectures').send({ name: 'r', zoo: { preset: 'resnet50' } })
    const { body } = await api.request.get(`${resnet.links.costs}?groupBy=stage&sort=params&top=2`).expect(200)
    const { groups, rest, sort } = body.ranking
    assert.deepEqual(
      [sort, groups.map(({ key }: { key: string }) => key), body.layers],
      // torchvision's layer4 and layer3, which work at 7×7 and 14×14.
      ['params', ['7x7', '14x14'], []],
    )
    assert.equal(groups[0].params + groups[1].params + rest.params, 25_557_032)
    assert.equal(groups[1].cumulative.params, (groups[0].params + groups[1].params) / 25_557_032)
    const { text } = await api.request.get(`${resnet.links.costs}?groupBy=op&sort=macs`).set('accept', 'text/csv').expect(200)
    const [head, first] = text.split('\r\n')
    assert.match(head!, /^op,layers,uncounted,params,shareParams,cumulativeParams,macs,/)
    assert.match(first!, /^Conv2d,53,0,/)
    // An answer that is kept for one ranking is not given for another.
    const top = await api.request.get(`${resnet.links.costs}?sort=macs&top=1`).expect(200)
    assert.equal(top.body.ranking.groupBy, 'layer')
    assert.equal(top.body.ranking.groups.length, 1)
    assert.equal((await api.request.get(resnet.links.costs)).body.layers.length, 175)
    const { data } = await graphql(`{ costs(architectureId: "${resnet.id}", groupBy: stage, sort: params, top: 2) {
      layers { id } ranking { sort groups { key params } rest { groups } } } }`)
    assert.deepEqual(
      data.costs.ranking.groups.map(({ key }: { key: string }) => key),
      ['7x7', '14x14'],
    )
    assert.equal((await api.request.get(`${resnet.links.costs}?depth=2`).expect(400)).body.code, 'INVALID_REQUEST')
  })
})
