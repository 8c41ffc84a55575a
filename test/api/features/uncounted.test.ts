/** What could not be counted is said wherever a figure is. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const bytes = (name: string) => readFileSync(new URL(`../../fixtures/onnx-cases/${name}`, import.meta.url))
const upload = (name: string, file = bytes(`${name}.onnx`)) =>
  api.request.post(`/v1/architectures?name=${name}`).set('content-type', 'application/octet-stream').send(file).expect(201)
/** The file with FusedConv, which is read, under the name of an operator that nobody knows. */
const unknownOperator = Buffer.from(bytes('fusedconv.onnx').toString('latin1').replaceAll('FusedConv', 'FusedConx'), 'latin1')

test('an operator that may multiply: registration, list, costs, CSV and GraphQL say that the total is partial', async () => {
  const { body } = await upload('fusedconx', unknownOperator)
  const counts = { layers: 1, params: 112, macs: 0, partial: true, uncounted: [{ operator: 'com.microsoft.FusedConx', layers: 1 }] }
  assert.deepEqual(body.counts, counts)
  assert.ok(body.source.report.notes.some((note: string) => /Not counted: com\.microsoft\.FusedConx ×1; multiply-adds/.test(note)))
  assert.notEqual(body.source.file, null)
  const list = await api.request.get('/v1/architectures?search=fusedconx').expect(200)
  assert.deepEqual(list.body.items[0].counts, counts)
  const costs = await api.request.get(body.links.costs).expect(200)
  assert.equal(costs.body.totals.partial, true)
  assert.deepEqual(
    costs.body.layers.map(({ type, counted }: { type: string; counted?: boolean }) => [type, counted]),
    [['com.microsoft.FusedConx', false]],
  )
  assert.doesNotMatch(JSON.stringify(costs.body), /Opaque/)
  const table = await api.request.get(body.links.costs).set('accept', 'text/csv').expect(200)
  const [head, row] = table.text.split('\n').map((line) => line.trim().split(','))
  assert.equal(row![head!.indexOf('partial')], 'true')
  assert.equal(row![head!.indexOf('counted')], 'false')
  const { body: answer } = await api.request.post('/graphql').send({
    query: `{ architecture(id: "${body.id}") { counts { partial uncounted { operator layers } } costs { totals { partial } uncounted { type } layers { type counted } } } }`,
  })
  assert.deepEqual(answer.data.architecture, {
    counts: { partial: true, uncounted: counts.uncounted },
    costs: {
      totals: { partial: true },
      uncounted: [{ type: 'com.microsoft.FusedConx' }],
      layers: [{ type: 'com.microsoft.FusedConx', counted: false }],
    },
  })
})

test('an operator without multiply-adds is named, and the total is whole', async () => {
  const { body } = await upload('argmax_out')
  assert.deepEqual(body.counts, { layers: 2, params: 12, macs: 768, partial: false, uncounted: [{ operator: 'ArgMax', layers: 1 }] })
})

test('a file that has all its numbers runs as it is, though a mask is made at import', async () => {
  for (const name of ['mask_from_zeros', 'weight_standardised']) {
    const { body } = await upload(name)
    assert.equal(body.source.report.weights, 'all')
    assert.notEqual(body.source.file, null)
  }
})
