/** An ONNX file that leaves height and width open is registered at the sizes that are asked for, and costed at others. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { floats, info, ints, node, file as onnxFile } from '../../../scripts/onnx-file.ts'
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
    ['', '', /size 2 of input "x" is left open \("H"\): give it, as dims=H:224/],
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
  for (const query of ['dims=H', 'dims=H:0', 'dims=:3', 'dims=H:20,Wd:28,H:20', 'inputShape=3,0,4', 'inputShape=a'])
    assert.equal((await upload(query).expect(400)).body.code, 'INVALID_REQUEST')
})

test('a head whose shapes follow from the input, as detectors have, is costed at any size that its file takes', async () => {
  // Rows of 8 at each position, then 5 numbers of each: the reshape is to N×8×(H/2·W/2), worked out by the file.
  const bytes = onnxFile({
    inputs: [info('x', ['N', 3, 'H', 'W'])],
    nodes: [
      node('Conv', ['x', 'w'], ['c'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Shape', ['c'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Gather', ['s', 'rest'], ['hw']),
      node('ReduceProd', ['hw'], ['area'], { keepdims: 1 }),
      node('Concat', ['n', 'eight', 'area'], ['target'], { axis: 0 }),
      node('Reshape', ['c', 'target'], ['rows']),
      node('Transpose', ['rows'], ['t'], { perm: [0, 2, 1] }),
      node('MatMul', ['t', 'v'], ['y']),
    ],
    initializers: [floats('w', [8, 3, 2, 2]), floats('v', [8, 5]), ints('zero', [0]), ints('rest', [2, 3]), ints('eight', [8])],
  })
  const { body } = await api.request
    .post('/v1/architectures?name=head&dims=H:20,W:28')
    .set('content-type', 'application/octet-stream')
    .send(Buffer.from(bytes))
    .expect(201)
  const wanted = (height: number, width: number) => (height / 2) * (width / 2) * (8 * 12 + 8 * 5)
  assert.equal(body.counts.macs, wanted(20, 28))
  for (const query of ['resolution=64x30', 'dims=H:64,W:30']) {
    const costs = await api.request.get(`${body.links.costs}?${query}&batch=3`).expect(200)
    assert.equal(costs.body.totals.macs, 3 * wanted(64, 30))
    assert.deepEqual(costs.body.inputs[0].shape, [3, 64, 30])
  }
  const { body: answer } = await api.request
    .post('/graphql')
    .send({ query: `{ architecture(id: "${body.id}") { costs(dims: "H:64,W:30") { totals { macs } } } }` })
  assert.equal(answer.data.architecture.costs.totals.macs, wanted(64, 30))
  const explained = await api.request.get(`${body.links.costs}/explain?from=lecture&to=full&resolution=64x30`).expect(200)
  assert.equal(explained.body.from.flops ?? explained.body.totals?.from, wanted(64, 30))
  assert.equal((await api.request.get(`${body.links.costs}?dims=height:64`).expect(422)).body.code, 'INVALID_RESOLUTION')
  const zoo = await api.request
    .post('/v1/architectures')
    .send({ name: 'a', zoo: { preset: 'alexnet' } })
    .expect(201)
  assert.equal((await api.request.get(`${zoo.body.links.costs}?dims=H:64`).expect(400)).body.errors[0].path, '/dims')
})
