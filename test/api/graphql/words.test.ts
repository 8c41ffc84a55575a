/** Errors and descriptions speak of what their reader has before them: GraphQL of fields and arguments, REST of addresses. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let id: string
before(async () => {
  api = await openTestApi()
  id = (await api.request.post('/v1/architectures').send(smallNetwork(1)).expect(201)).body.id
})
after(() => api.close())

const unknown = '01890a5d-ac96-774b-bcce-b302099a8057'
const registration = 'mutation ($input: NewArchitectureInput!) { registerArchitecture(input: $input) { created } }'
const run = 'mutation ($input: NewRunInput!) { createRun(input: $input) { created } }'
const sweep = 'mutation ($input: NewSweepInput!) { createSweep(input: $input) { created } }'
const onCpu = () => ({ architectureId: id, device: 'cpu:0', runtime: 'onnxruntime' })

/** What is asked, what the message must say, and where the first problem lies. */
const cases: [query: () => string, input: () => unknown, message: RegExp, path?: string][] = [
  [() => `{ costs(architectureId: "${unknown}") { convention } }`, () => ({}), /query architectures lists/],
  [() => `{ run(id: "${unknown}") { id } }`, () => ({}), /query runs lists/],
  [() => `{ sweep(id: "${unknown}") { id } }`, () => ({}), /no sweep/],
  [() => '{ zooFamily(name: "resne") { name } }', () => ({}), /did you mean "resnet"\? The query zoo lists/],
  [() => `{ costs(architectureId: "${id}", batch: 0) { convention } }`, () => ({}), /input of costs.*batch is 0/, '/batch'],
  [() => `{ architecture(id: "${id}") { export(format: json, batch: 2) } }`, () => ({}), /input of export.*no options/, '/batch'],
  [() => '{ architectures(after: "zz") { pageInfo { endCursor } } }', () => ({}), /endCursor/],
  [() => registration, () => ({ name: 'a' }), /the input is not valid/, '/input'],
  [() => registration, () => ({ name: 'a', zoo: { preset: 'resnet5' } }), /did you mean "resnet50"\?/, '/input/zoo/preset'],
  [() => registration, () => ({ name: 'a', layers: [{ type: 'Conv2' }] }), /did you mean "Conv2d"/, '/input/layers/0/type'],
  [() => run, () => ({ ...onCpu(), batch: 0 }), /the input is not valid: batch is 0/, '/input/batch'],
  [() => run, () => ({ ...onCpu(), rounds: 9 }), /the input is not valid/, '/input/rounds'],
  [() => sweep, () => ({ ...onCpu(), batches: [] }), /the input is not valid/, '/input/batches'],
]

describe('an error over GraphQL', () => {
  for (const [query, input, message, path] of cases)
    it(`says ${message.source}`, async () => {
      const { body } = await api.request.post('/graphql').send({ query: query(), variables: { input: input() } })
      const [error] = body.errors
      assert.match(error.message, message)
      for (const text of [error.message, ...(error.extensions.errors ?? []).map((each: any) => each.message)])
        assert.doesNotMatch(text, /\b(GET|POST|DELETE)\b|\/v1\/|\bbody\b|query string|header|nextCursor/)
      if (path) assert.equal(error.extensions.errors[0].path, path)
    })
})

describe('an error over REST', () => {
  it('points to the list of what there is, by its address', async () => {
    const none = await api.request.get(`/v1/architectures/${unknown}`).expect(404)
    assert.match(none.body.detail, /: GET \/v1\/architectures lists/)
    const preset = await api.request.post('/v1/architectures').send({ name: 'a', zoo: { preset: 'resnet5' } })
    assert.equal(preset.status, 422)
    assert.match(preset.body.detail, /did you mean "resnet50"\? GET \/v1\/zoo lists/)
    assert.equal(preset.body.errors[0].path, '/zoo/preset')
    const cursor = await api.request.get('/v1/runs?after=zz').expect(400)
    assert.match(cursor.body.detail, /nextCursor/)
  })

  it('lists the conventions where one is not known', async () => {
    const { body } = await api.request.get(`/v1/architectures/${id}/costs?convention=lectur`).expect(400)
    for (const name of ['lecture', 'full', 'fvcore', 'torchinfo', 'ptflops', 'thop', 'torch', 'onnx']) assert.ok(body.detail.includes(name))
  })
})

it('the GraphQL schema names no address of REST', () => {
  const sdl = readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8')
  const addresses = sdl.split('\n').filter((line) => /\b(GET|POST|DELETE) /.test(line))
  assert.deepEqual(addresses, [])
})
