/** Runs, architectures and sweeps remember the key that made them, over REST and GraphQL alike. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const rowsOf = async (table: string): Promise<{ id: string; key_id: string | null }[]> =>
  (await api.store.db.execute(`SELECT id, key_id FROM ${table}`)).rows as { id: string; key_id: string | null }[]

it('names the key that asked, and nobody where there was none', async () => {
  const early = (await api.request.post('/v1/architectures').send(smallNetwork(3)).expect(201)).body.id
  const make = async (role: string, key?: string) =>
    (
      await api.request
        .post('/v1/keys')
        .set(key ? { authorization: `Bearer ${key}` } : {})
        .send({ name: role, role })
        .expect(201)
    ).body
  const admin = await make('admin')
  const runner = await make('runner', admin.key)
  const asRunner = { authorization: `Bearer ${runner.key}` }
  const post = (path: string, body: object) => api.request.post(path).set(asRunner).send(body)
  const graphql = async (query: string, variables: object) => {
    const { body } = await post('/graphql', { query, variables }).expect(200)
    assert.equal(body.errors, undefined, JSON.stringify(body.errors))
    return body.data
  }
  const { id } = (await post('/v1/architectures', smallNetwork(4)).expect(201)).body
  // The same content again stays the first one's.
  await api.request
    .post('/v1/architectures')
    .set({ authorization: `Bearer ${admin.key}` })
    .send(smallNetwork(4))
    .expect(200)
  const rewritten = (await post(`/v1/architectures/${id}/rewrites`, { recipe: [{ rewrite: 'scaleWidth' }] }).expect(201)).body.architecture
  const input = { architectureId: id, device: 'cpu:0', runtime: 'onnxruntime' }
  const run = (await post('/v1/runs', input).expect(202)).body
  const other = (
    await graphql('mutation ($input: NewRunInput!) { createRun(input: $input) { run { id } } }', { input: { ...input, batch: 2 } })
  ).createRun.run
  const sweep = (await post('/v1/sweeps', { ...input, batches: [3, 4] }).expect(202)).body
  const made = new Map((await Promise.all(['architectures', 'runs', 'sweeps'].map(rowsOf))).flat().map((row) => [row.id, row.key_id]))
  assert.equal(made.get(early), null)
  for (const each of [id, rewritten.id, run.id, other.id, sweep.id, ...sweep.points.map(({ runId }: { runId: string }) => runId)])
    assert.equal(made.get(each), runner.id, each)
  assert.equal(made.size, 8)
})
