/** Runs, architectures and sweeps remember the key that made them, over REST and GraphQL alike; runs say which, and are found by it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
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

describe('a run says who queued it', () => {
  interface Made {
    id: string
    prefix: string
    name: string
    key: string
  }
  let mine: TestApi
  /** By their names: `admin`, `ann` and `bob`, who are runners, and `eve`, a reader. */
  const keys: Record<string, Made> = {}
  /** By who queued them; `early` before there was a key. */
  const runs: Record<string, string> = {}
  const as = (name: string) => (name ? { authorization: `Bearer ${keys[name]!.key}` } : {})
  const get = async (path: string, name: string) => (await mine.request.get(path).set(as(name)).expect(200)).body
  const graphql = async (query: string, name: string) => {
    const { body } = await mine.request.post('/graphql').set(as(name)).send({ query }).expect(200)
    assert.equal(body.errors, undefined, JSON.stringify(body.errors))
    return body.data
  }
  before(async () => {
    mine = await openTestApi()
    // Runs stay where they are: the one under way ends when the test says so.
    mine.worker.autoMs = null
    const { id: architectureId } = (await mine.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body
    const queue = async (name: string) =>
      (
        await mine.request
          .post('/v1/runs')
          .set(as(name))
          .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true })
          .expect(202)
      ).body
    const early = await queue('')
    assert.equal(early.key, null)
    runs.early = early.id
    for (const [name, role] of [
      ['admin', 'admin'],
      ['ann', 'runner'],
      ['bob', 'runner'],
      ['eve', 'reader'],
    ] as const)
      keys[name] = (
        await mine.request
          .post('/v1/keys')
          .set(as(keys.admin ? 'admin' : ''))
          .send({ name, role })
          .expect(201)
      ).body
    for (const name of ['ann', 'bob']) {
      const run = await queue(name)
      assert.deepEqual(run.key, { id: keys[name]!.id, prefix: keys[name]!.prefix, name })
      runs[name] = run.id
    }
  })
  after(() => mine.close())

  it('by the beginning of the key to all; by its name to an admin and to its holder', async () => {
    const { id, prefix } = keys.ann!
    for (const [caller, name] of [
      ['admin', 'ann'],
      ['ann', 'ann'],
      ['bob', null],
      ['eve', null],
    ] as const) {
      const seen = { id, prefix, name }
      assert.deepEqual((await get(`/v1/runs/${runs.ann}`, caller)).key, seen, caller)
      if (name === null) assert.deepEqual((await get(`/v1/runs/${runs.ann}?wait=1`, caller)).key, seen, caller)
      const { items } = await get('/v1/runs', caller)
      assert.deepEqual(items.find((run: { id: string }) => run.id === runs.ann).key, seen, caller)
      const shown = '{ id prefix name }'
      const data = await graphql(
        `{ run(id: "${runs.ann}") { key ${shown} } node(id: "${runs.ann}") { ... on Run { key ${shown} } } early: run(id: "${runs.early}") { key ${shown} }
          runs(key: ["${prefix}"]) { edges { node { key ${shown} } } } queue { waiting { run { id key ${shown} } } } }`,
        caller,
      )
      assert.deepEqual(data.run.key, seen, caller)
      assert.deepEqual(data.node.key, seen, caller)
      assert.equal(data.early.key, null)
      assert.deepEqual(data.runs.edges, [{ node: { key: seen } }])
      const waiting = data.queue
        .flatMap((lane: { waiting: object[] }) => lane.waiting)
        .find(({ run }: { run: { id: string } }) => run.id === runs.ann)
      assert.deepEqual(waiting.run.key, seen, caller)
    }
    // Answers to changes as well: bob may change the priority of ann's run, but not see her name.
    const changed = await mine.request.patch(`/v1/runs/${runs.ann}`).set(as('bob')).send({ priority: 1 }).expect(200)
    assert.deepEqual(changed.body.key, { id, prefix, name: null })
    const { setRunPriority } = await graphql(
      `mutation { setRunPriority(id: "${runs.ann}", input: { priority: 2 }) { key { name } } }`,
      'ann',
    )
    assert.equal(setRunPriority.key.name, 'ann')
  })

  it('and is found by it: beginning, id, several, none', async () => {
    const found = async (query: string) =>
      (await get(`/v1/runs?order=asc&${query}`, 'eve')).items.map(
        ({ id }: { id: string }) => Object.entries(runs).find(([, run]) => run === id)![0],
      )
    const { ann, bob } = keys
    assert.deepEqual(await found(`key=${ann!.prefix}`), ['ann'])
    assert.deepEqual(await found(`key=${bob!.id.toUpperCase()}`), ['bob'])
    assert.deepEqual(await found(`key=${ann!.prefix},${bob!.id}`), ['ann', 'bob'])
    assert.deepEqual(await found(`key=none&key=${bob!.prefix}`), ['early', 'bob'])
    assert.deepEqual(await found('key=none'), ['early'])
    assert.deepEqual(await found('key=amk_00000000'), [])
    assert.deepEqual(await found(`key=${ann!.prefix}&status=failed`), [])
    assert.equal((await get(`/v1/runs?total=true&limit=1&key=${ann!.prefix},none`, 'eve')).total, 2)
    await mine.request.get('/v1/runs?key=a%20b').set(as('eve')).expect(400)
    // A name finds nothing, so that nobody can guess whose a key is.
    assert.deepEqual(await found('key=ann'), [])
  })

  it('and is cancelled by it', async () => {
    const { body } = await mine.request
      .post('/v1/runs/cancel')
      .set(as('admin'))
      .send({ key: [keys.bob!.prefix] })
      .expect(200)
    assert.deepEqual(body, { cancelled: 1, requested: 0 })
    assert.equal((await get(`/v1/runs/${runs.bob}`, 'eve')).status, 'cancelled')
    assert.equal((await get(`/v1/runs/${runs.ann}`, 'eve')).status, 'queued')
    const { body: cancelled } = await mine.request.delete(`/v1/runs/${runs.ann}`).set(as('bob')).expect(200)
    assert.equal(cancelled.key.name, null)
  })
})
