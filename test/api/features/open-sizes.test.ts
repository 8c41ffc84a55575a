/** An ONNX file that leaves height and width open is registered at the sizes that are asked for, and costed at others. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const file = readFileSync(new URL('../../fixtures/onnx-cases/dynamic_hw.onnx', import.meta.url))
const upload = (query: string) =>
  api.request.post(`/v1/architectures?name=open&${query}`).set('content-type', 'application/octet-stream').send(file)
/** A 3×3 convolution of 3 to 8 channels with stride 2. */
const macs = (height: number, width: number) => Math.ceil(height / 2) * Math.ceil(width / 2) * 8 * 27

test('sizes by the names of the file, or as the whole input shape, in the address or in a form', async () => {
  const { body } = await upload('dims=H:20,Wd:28').expect(201)
  assert.equal(body.counts.macs, macs(20, 28))
  assert.deepEqual(body.source.sizes, { dims: { H: 20, Wd: 28 } })
  const same = await upload('inputShape=3,20,28').expect(200)
  assert.equal(same.body.id, body.id)
  const form = await api.request
    .post('/v1/architectures')
    .field('name', 'open')
    .field('dims', 'N:1, H:33, Wd:28')
    .attach('file', file, 'model.onnx')
    .expect(201)
  assert.equal(form.body.counts.macs, macs(33, 28))
  const costs = await api.request.get(`${body.links.costs}?resolution=64x30&batch=2`).expect(200)
  assert.equal(costs.body.totals.macs, 2 * macs(64, 30))
})

test('what is missing or wrong is said with the names that there are', async () => {
  const cases: [query: string, path: string, message: RegExp][] = [
    ['', '', /size 2 of input "x" is left open \("H"\): say it at registration, as dims=H:224/],
    ['dims=H:20', '', /size 3 of input "x" is left open \("Wd"\)/],
    ['dims=H:20,width:28', '/dims', /no open dim "width"; those that it leaves open are "H", "Wd"/],
    ['dims=H:20,Wd:28,N:4', '/dims', /"N" is the batch/],
    ['inputShape=20,28', '/inputShape', /has 3 dims beside the batch, but inputShape 2/],
    ['inputShape=4,20,28', '/inputShape', /size 1 of input "x" is 3, but 4/],
  ]
  for (const [query, path, message] of cases) {
    const { body } = await upload(query).expect(422)
    assert.equal(body.code, 'INVALID_ONNX')
    assert.match(body.detail, message)
    assert.equal(body.errors[0].path, path)
  }
  for (const query of ['dims=H', 'dims=H:0', 'dims=:3', 'inputShape=3,0,4', 'inputShape=a'])
    assert.equal((await upload(query).expect(400)).body.code, 'INVALID_REQUEST')
})
