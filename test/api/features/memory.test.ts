import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
let id: string
before(async () => {
  api = await openTestApi()
  const layers = [
    { id: 'a', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
    { id: 'b', type: 'ReLU' },
    { id: 'c', type: 'Conv2d', outChannels: 2, kernelSize: 1 },
  ]
  id = (
    await api.request
      .post('/v1/architectures')
      .send({ name: 'three', input: { shape: [1, 10, 10] }, layers })
      .expect(201)
  ).body.id
})
after(() => api.close())

const memory = async (query: string, status = 200) => (await api.request.get(`/v1/architectures/${id}/memory?${query}`).expect(status)).body

describe('memory', () => {
  it('is the timeline by hand, its peak that of the costs, and what is alive there', async () => {
    // Elements: input 100, a 400, b 400, c 200.
    const body = await memory('batch=3')
    assert.deepEqual(
      body.steps.map((step: any) => step.aliveBytes / 12),
      [500, 800, 600],
    )
    assert.deepEqual(
      body.peak.tensors.map(({ tensor, steps }: any) => [tensor, steps]),
      [
        ['a', 2],
        ['b', 2],
      ],
    )
    const { totals } = (await api.request.get(`/v1/architectures/${id}/costs?batch=3`)).body
    assert.deepEqual([body.peak.bytes, body.peak.layerId], [totals.peakActivationBytes, totals.peakActivationLayer])
    assert.deepEqual([body.steps[1].inPlace, body.fit, body.optimizer], [true, null, null])
  })

  it('in training, by optimizer and with checkpoints; GraphQL says the same', async () => {
    const body = await memory('mode=training&optimizer=momentum&segments=2&bytes=1000000')
    // 18 parameters; three layers in two parts: the first layer of the first part is computed again, b is kept for c.
    assert.deepEqual([body.gradientBytes, body.optimizerBytes, body.segments], [72, 72, 2])
    assert.deepEqual(
      body.tensors.filter(({ kind }: any) => kind === 'checkpoint').map(({ tensor }: any) => tensor),
      ['b'],
    )
    const largest = await memory(`mode=training&optimizer=momentum&segments=2&batch=${body.fit.batch}`)
    assert.equal(largest.peak.totalBytes, body.fit.takesBytes)
    assert.ok(body.fit.takesBytes <= 1_000_000 && body.fit.nextBytes > 1_000_000)
    const query = `{ memory(architectureId: "${id}", mode: training, optimizer: momentum, segments: "2", bytes: 1000000) {
      optimizerBytes peak { totalBytes } fit { batch takesBytes nextBytes } steps { layerId aliveBytes } tensors { tensor kind } } }`
    const { data } = (await api.request.post('/graphql').send({ query })).body
    assert.deepEqual(data.memory.fit, { batch: body.fit.batch, takesBytes: body.fit.takesBytes, nextBytes: body.fit.nextBytes })
    assert.equal(data.memory.steps.length, 6)
    assert.equal(data.memory.peak.totalBytes, body.peak.totalBytes)
  })

  it('says the largest batch of a device by its name', async () => {
    const { items } = (await api.request.get('/v1/devices')).body
    const { fit } = await memory('device=cpu:0')
    assert.equal(fit.bytes, items.find(({ name }: any) => name === 'cpu:0').memoryBytes)
    assert.match(fit.device, /cpu:0$/)
    assert.ok(fit.takesBytes <= fit.bytes)
    assert.equal((await memory('device=cuda:9', 404)).code, 'DEVICE_NOT_FOUND')
  })

  it('takes every number of bytes that its bound names, and no other', async () => {
    const { fit } = await memory('bytes=9007199254740991')
    assert.equal(fit.bytes, Number.MAX_SAFE_INTEGER)
    const { errors } = await memory('bytes=9007199254740992', 400)
    assert.match(errors[0].message, /an integer from 1 to 9007199254740991$/)
  })

  it('refuses options that would mean nothing', async () => {
    for (const query of ['optimizer=adam', 'segments=sqrt', 'device=cpu:0&bytes=5', 'segments=0&mode=training', 'mode=idle'])
      assert.equal((await memory(query, 400)).code, 'INVALID_REQUEST', query)
  })
})
