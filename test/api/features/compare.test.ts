import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunSuccess } from '../../../src/gpu/contract.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let [first, second] = ['', '']
before(async () => {
  api = await openTestApi()
  first = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body.id
  second = (await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(201)).body.id
})
after(() => api.close())

const body = (over: object = {}) => ({ architectureId: first, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })
async function ended(id: string): Promise<Record<string, any>> {
  for (let i = 0; i < 500; i++) {
    const { body: run } = await api.request.get(`/v1/runs/${id}`).expect(200)
    if (!['queued', 'running'].includes(run.status)) return run
    await sleep(10)
  }
  assert.fail(`run ${id} did not end`)
}
const create = async (over: object = {}) => (await api.request.post('/v1/runs').send(body(over)).expect(202)).body
/** Ends the run by hand with a median of `ms` and what else is given. */
async function measured(ms: number, over: Partial<RunSuccess> = {}, request: object = {}): Promise<string> {
  api.worker.autoMs = null
  const { id } = await create(request)
  while (!api.worker.runs(id)) await sleep(5)
  api.worker.finish(id, (success) => ({
    ...success,
    result: { ...success.result, latencyMs: { ...success.result.latencyMs, p50: ms, medianCi95: [ms * 0.99, ms * 1.01] } },
    certificate: { verdict: 'valid', reasons: [] },
    ...over,
  }))
  await ended(id)
  api.worker.autoMs = 1
  return id
}

describe('a comparison in turns', () => {
  it('is one run with a second side, from request to verdict', async () => {
    const run = await create({ against: { architectureId: second, batch: 4 }, rounds: 8, settings: { warmupMs: 10 } })
    assert.deepEqual(run.against, {
      architectureId: second,
      architectureName: 'small 5',
      runtime: 'onnxruntime',
      backend: 'cpu',
      batch: 4,
      precision: 'float32',
      resolution: null,
      sizes: null,
      weights: 'seeded',
      settings: run.settings,
    })
    // A block's own defaults: many short ones.
    assert.deepEqual([run.settings.warmupMs, run.settings.minDurationMs, run.settings.minSamples], [10, 700, 5])
    const before = api.worker.jobs.length
    const read = await ended(run.id)
    assert.equal(read.status, 'succeeded')
    assert.equal(read.result, null)
    assert.equal(read.comparison.rounds.length, 8)
    // The stand-in takes as long for four images as for one.
    assert.ok(Math.abs(read.comparison.ratio - 1 / 4) < 1e-9)
    assert.equal(read.comparison.verdict, 'faster')
    assert.equal(read.certificate.verdict, 'suspect')
    assert.ok(read.environment.a && read.environment.b)
    const blocks = api.worker.jobs.slice(before > 0 ? before - 1 : 0).filter((job) => job.runId === run.id)
    assert.equal(api.worker.jobs.filter((job) => job.runId === run.id).length, 16)
    assert.ok(blocks.every((job) => job.block))
    const { body: samples } = await api.request.get(`/v1/runs/${run.id}/samples`).expect(200)
    assert.equal(samples.samples.length, read.comparison.a.samples + read.comparison.b.samples)
    const { body: graphql } = await api.request
      .post('/graphql')
      .send({ query: `{ run(id: "${run.id}") { rounds against { batch } comparison { ratio verdict rounds { first ratio } } } }` })
      .expect(200)
    assert.equal(graphql.data.run.comparison.verdict, 'faster')
    assert.equal(graphql.data.run.against.batch, 4)
  })

  it('with nothing changed compares a side with itself, and equal figures show no difference', async () => {
    const read = await ended((await create({ against: {} })).id)
    assert.equal(read.rounds, 12)
    assert.deepEqual([read.comparison.ratio, read.comparison.verdict], [1, 'noDifferenceShown'])
    assert.deepEqual(read.comparison.differences, [])
  })

  it('says what is wrong with it, side by side', async () => {
    const refused = async (over: object, status: number) => (await api.request.post('/v1/runs').send(body(over)).expect(status)).body
    assert.match((await refused({ rounds: 10 }, 400)).errors[0].message, /rounds applies only to a comparison/)
    assert.match((await refused({ against: {}, profile: true }, 400)).errors[0].message, /no per-layer profile/)
    assert.match((await refused({ against: {}, rounds: 3 }, 400)).detail, /rounds/)
    assert.equal((await refused({ against: { batches: 2 } }, 400)).errors[0].path, '/against/batches')
    const settings = await refused({ against: { settings: { minDurationMs: 20_000 } } }, 400)
    assert.equal(settings.errors[0].path, '/against/settings/maxDurationMs')
    const precision = await refused({ against: { precision: 'float16' } }, 422)
    assert.equal(precision.errors[0].path, '/against/precision')
    assert.equal(
      (await refused({ against: { architectureId: '01890a5d-ac96-774b-bcce-b302099a8057' } }, 404)).code,
      'ARCHITECTURE_NOT_FOUND',
    )
  })

  it('goes with the architecture of its second side', async () => {
    api.worker.autoMs = null
    const doomed = (await api.request.post('/v1/architectures').send(smallNetwork(6)).expect(201)).body.id
    const blocker = await create()
    while (!api.worker.runs(blocker.id)) await sleep(5)
    const waiting = await create({ against: { architectureId: doomed } })
    await api.request.delete(`/v1/architectures/${doomed}`).expect(204)
    assert.equal((await ended(waiting.id)).status, 'cancelled')
    api.worker.finish(blocker.id)
    await ended(blocker.id)
    api.worker.autoMs = 1
  })
})

describe('two runs taken apart', () => {
  const compare = (a: string, b: string) => api.request.get(`/v1/runs/${a}/compare?with=${b}`)

  it('without repeated runs only a large difference is shown, and the answer says why', async () => {
    // No two of one workload, so that there is no history.
    const once = (ms: number) => measured(ms, {}, { settings: { warmupMs: ms } })
    const [slow, near, fast] = [await once(10), await once(8), await once(3)]
    const { body: small } = await compare(slow, near).expect(200)
    assert.equal(small.verdict, 'noDifferenceShown')
    assert.ok(Math.abs(small.ratio - 0.8) < 1e-9)
    assert.equal(small.repeatability.degreesOfFreedom, null)
    assert.match(small.cautions.join(' '), /Time both in turns, by a run with `against`/)
    const { body: large } = await compare(slow, fast).expect(200)
    assert.equal(large.verdict, 'faster')
    const { body: graphql } = await api.request
      .post('/graphql')
      .send({ query: `{ compareRuns(a: "${slow}", b: "${fast}") { ratio verdict interval repeatability { deviation } } }` })
      .expect(200)
    assert.deepEqual(graphql.data.compareRuns.interval, large.interval)
  })

  it('with a history of repeated runs a small difference is shown; other conditions are named', async () => {
    const quiet = { labels: { history: 'quiet' }, settings: { warmupMs: 77 } }
    for (const ms of [20, 20.02, 19.98, 20.01, 19.99, 20, 20.01, 19.99, 20.02, 19.98]) await measured(ms, {}, quiet)
    const [a, b] = [await measured(20, {}, quiet), await measured(19, {}, { ...quiet, settings: { warmupMs: 78 } })]
    const { body: found } = await compare(a, b).expect(200)
    assert.ok(found.repeatability.degreesOfFreedom >= 10)
    // What was assumed before there was a history is 0.1.
    assert.ok(found.repeatability.deviation > 0 && found.repeatability.deviation < 0.1)
    const alike = await compare(a, a).expect(200)
    assert.equal(alike.body.ratio, 1)
    assert.deepEqual(alike.body.differences, [])
    const environment = { driver: '580.1', settings: {}, cpu: { governor: null }, runtimeOptions: {} } as never
    const other = await measured(20, { environment })
    const { body: flagged } = await compare(a, other).expect(200)
    assert.ok(flagged.differences.some((each: { what: string; b: string }) => each.what === 'driver' && each.b === '580.1'))
    assert.match(flagged.cautions.join(' '), /different conditions.*driver: null and 580.1/)
  })

  it('refuses what has no figure, and says why', async () => {
    const done = await measured(5)
    const invalid = await measured(5, { certificate: { verdict: 'invalid', reasons: [{ code: 'X', message: 'the lease was lost' }] } })
    const refused = async (a: string, b: string) => (await compare(a, b).expect(409)).body
    assert.match((await refused(done, invalid)).detail, /invalid: the lease was lost/)
    const compared = await ended((await create({ against: {}, rounds: 8 })).id)
    assert.match((await refused(compared.id, done)).detail, /read its own `comparison`/)
    api.worker.autoMs = null
    const running = await create()
    assert.match((await refused(done, running.id)).detail, /it is (queued|running)/)
    while (!api.worker.runs(running.id)) await sleep(5)
    api.worker.finish(running.id)
    api.worker.autoMs = 1
    await compare(done, '01890a5d-ac96-774b-bcce-b302099a8057').expect(404)
    await api.request.get(`/v1/runs/${done}/compare`).expect(400)
  })
})
