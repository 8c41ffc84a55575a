import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
let id: string
before(async () => {
  api = await openTestApi()
  // Multiply-adds 4, 16, 16 and 8 a position; elements 1, 4, 4, 4 and 2.
  const layers = [4, 4, 4, 2].map((outChannels, i) => ({ id: `c${i}`, type: 'Conv2d', outChannels, kernelSize: 1, bias: false }))
  id = (
    await api.request
      .post('/v1/architectures')
      .send({ name: 'four', input: { shape: [1, 10, 10] }, layers })
      .expect(201)
  ).body.id
})
after(() => api.close())

const place = async (query: string, status = 200) =>
  (await api.request.get(`/v1/architectures/${id}/placement?${query}`).expect(status)).body

describe('placement', () => {
  it('cuts where the slower part is fastest, by hand; GraphQL says the same', async () => {
    const body = await place('devices=2&batch=3')
    // 4 + 16 against 16 + 8 is better than 4 against 40, or 36 against 8.
    assert.deepEqual(
      body.parts.map(({ firstLayerId, macs, receivedBytes, weightBytes }: any) => [firstLayerId, macs, receivedBytes, weightBytes]),
      [
        ['c0', 20 * 300, 0, 20 * 4],
        ['c2', 24 * 300, 4 * 300 * 4, 24 * 4],
      ],
    )
    assert.deepEqual(body.bottleneck, { cost: 7200, at: 'device', device: 1 })
    assert.equal(body.balance, 44 / 48)
    assert.deepEqual(body.transfers, [{ layerId: 'c2', tensor: 'c1', bytes: 4800, from: [0], to: [1] }])
    const query = `{ placement(architectureId: "${id}", devices: 2, batch: 3) { balance trafficBytes bottleneck { cost } parts { macs } } }`
    const { data } = (await api.request.post('/graphql').send({ query })).body
    assert.deepEqual(data.placement, {
      balance: body.balance,
      trafficBytes: 4800,
      bottleneck: { cost: 7200 },
      parts: [{ macs: 6000 }, { macs: 7200 }],
    })
  })

  it('in towers, and by time with what the link takes', async () => {
    const towers = await place('by=tower')
    assert.deepEqual(
      towers.transfers.map(({ layerId }: any) => layerId),
      ['c1', 'c2', 'c3'],
    )
    assert.equal(towers.trafficBytes, 3 * 400 * 4)
    const { unit, bottleneck } = await place('cost=time&gflopsPerSecond=1&gigabytesPerSecond=1&linkGigabytesPerSecond=0.001')
    assert.equal(unit, 'ms')
    // 1,600 bytes over 10^6 a second.
    assert.deepEqual(bottleneck, { cost: 1.6, at: 'link', device: 0 })
  })

  it('refuses what does not go together, and more parts than layers', async () => {
    assert.equal((await place('devices=5', 422)).code, 'INVALID_PLACEMENT')
    for (const query of [
      'cost=time',
      'gflopsPerSecond=3',
      'cost=time&gflopsPerSecond=1&gigabytesPerSecond=1',
      'devices=0',
      'devices=65',
      'by=row',
    ])
      assert.equal((await place(query, 400)).code, 'INVALID_REQUEST', query)
  })
})
