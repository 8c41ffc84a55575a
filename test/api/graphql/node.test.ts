/** What a client of GraphQL asks of any object: by its id, when it was made, and at which address its files lie. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
})
after(() => api.close())

async function post(query: string, variables: object = {}) {
  const { body } = await api.request.post('/graphql').send({ query, variables })
  return body as { data: any; errors?: any[] }
}
const node = `query ($id: ID!) { node(id: $id) { __typename id
  ... on Architecture { name counts { layers } } ... on Run { status architecture { id } } ... on Sweep { points { batch } } } }`

test('an id leads to its architecture, run or sweep, by the same id that REST has', async () => {
  api.worker.autoMs = 1
  const asked = { architectureId, device: 'cpu:0', runtime: 'onnxruntime' }
  const run = (await api.request.post('/v1/runs').send(asked).expect(202)).body.id
  const sweep = (await api.request.post('/v1/sweeps').send({ ...asked, batches: [1, 2] })).body.id
  const found = async (id: string) => (await post(node, { id })).data.node
  const { counts } = (await api.request.get(`/v1/architectures/${architectureId}`)).body
  assert.deepEqual(await found(architectureId), {
    __typename: 'Architecture',
    id: architectureId,
    name: 'small 4',
    counts: { layers: counts.layers },
  })
  const { __typename, architecture } = await found(run)
  assert.deepEqual({ __typename, architecture }, { __typename: 'Run', architecture: { id: architectureId } })
  assert.deepEqual(await found(sweep), { __typename: 'Sweep', id: sweep, points: [{ batch: 1 }, { batch: 2 }] })
})

test('an id of nothing is null, and what is no id is refused', async () => {
  assert.deepEqual(await post(node, { id: '01890a5d-ac96-774b-bcce-b302099a8057' }), { data: { node: null } })
  const { data, errors } = await post(node, { id: 'resnet50' })
  assert.equal(data.node, null)
  assert.equal(errors?.[0].extensions.code, 'INVALID_REQUEST')
})

test('moments are DateTime: read as REST writes them, and refused as arguments where they are none', async () => {
  const created = (await api.request.get(`/v1/architectures/${architectureId}`)).body.createdAt
  const { data } = await post('query ($id: ID!) { architecture(id: $id) { createdAt } __type(name: "DateTime") { specifiedByURL } }', {
    id: architectureId,
  })
  assert.deepEqual(data, {
    architecture: { createdAt: created },
    __type: { specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time' },
  })
  const runs = 'query ($t: DateTime) { runs(queuedAfter: $t) { edges { cursor } } }'
  assert.deepEqual((await post(runs, { t: '2999-01-01T00:00:00+01:00' })).data, { runs: { edges: [] } })
  assert.deepEqual((await post('{ runs(queuedAfter: "2999-01-01T00:00:00Z") { edges { cursor } } }')).data, { runs: { edges: [] } })
  for (const [query, variables] of [
    [runs, { t: 'yesterday' }],
    ['{ runs(queuedAfter: "yesterday") { edges { cursor } } }', {}],
  ] as const)
    assert.match((await post(query, variables)).errors?.[0].message, /yesterday/)
})

test('files go over HTTP by addresses that GraphQL gives', async () => {
  const { data } = await post(
    `query ($id: ID!) { architecture(id: $id) { onnx: exportUrl(format: onnx, weights: seeded, seed: 7) csv: exportUrl(format: csv, convention: full) }
       plain: onnxUploadUrl named: onnxUploadUrl(name: "of & mine") }`,
    { id: architectureId },
  )
  const onnx = await api.request.get(data.architecture.onnx).responseType('blob').expect(200)
  assert.equal(data.plain, '/v1/architectures')
  const again = await api.request.post(data.named).set('content-type', 'application/octet-stream').send(onnx.body).expect(201)
  assert.equal(again.body.name, 'of & mine')
  assert.match((await api.request.get(data.architecture.csv).expect(200)).text, /^id,.*convention.*\r\n.*,full,/)
  const { errors } = await post('query ($id: ID!) { architecture(id: $id) { exportUrl(format: json, seed: 1) } }', { id: architectureId })
  assert.equal(errors?.[0].extensions.code, 'INVALID_REQUEST')
})
