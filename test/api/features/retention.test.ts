/** Samples dropped for their age: what stays, what every face says of what is gone, in batches, by one process at a time. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SampleRetention } from '../../../src/api/features/runs/retention.ts'
import { sql } from '../../../src/store/drizzle.ts'
import type { Expired } from '../../../src/store/index.ts'
import { FakeClock } from '../../gpu/fake-clock.ts'
import { storeKind } from '../../store/helper.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(5))).body.id
})
after(() => api?.close())

const read = async (path: string) => (await api.request.get(path).expect(200)).body

/** A run that ended so many days ago, and whose samples take 1 to 3 ms. */
async function runOf(days: number): Promise<string> {
  const request = { architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true }
  const { id } = (await api.request.post('/v1/runs').send(request).expect(202)).body
  await read(`/v1/runs/${id}?wait=20`)
  const samples = Float64Array.from({ length: 500 }, (_, i) => 2 + Math.sin(i))
  await api.store.db.execute(
    sql`UPDATE run_samples SET samples = ${Buffer.from(samples.buffer)}, stored_at = now() - ${days} * interval '1 day' WHERE run_id = ${id}::uuid`,
  )
  return id
}

const summarize = async () => ({ count: 0, min: 1, max: 1, bins: [], quantiles: [] })

it('those of runs older than they are kept go; figures, certificate, histogram and comparisons stay as they were', async () => {
  const old = [await runOf(30.1), await runOf(400)]
  const young = [await runOf(29.9), await runOf(0)]
  const paths = [old[0], old[1], young[0]].flatMap((id) => [`/v1/runs/${id}`, `/v1/runs/${id}/histogram`])
  const comparison = `/v1/runs/${old[0]}/compare?with=${old[1]}`
  const earlier = await Promise.all([...paths, comparison].map(read))
  const kept = await read(`/v1/runs/${young[0]}/samples`)

  const clock = new FakeClock()
  const logged: [object, string][] = []
  const told: Expired[] = []
  const log = { info: (object: object, message: string) => void logged.push([object, message]), warn: assert.fail }
  const retention = new SampleRetention({ runs: api.store.runs, days: 30, log, clock, onExpired: (each) => void told.push(each) })
  retention.start()
  clock.advance(59_000)
  await sleep(20)
  assert.equal((await read(`/v1/runs/${old[0]}/samples`)).samples.length, 500, 'not with the start')
  const before = Date.now()
  await clock.until(() => logged.length > 0)
  assert.deepEqual(told, [{ runs: 2, samples: 1000 }])
  assert.deepEqual(logged, [[{ runs: 2, samples: 1000, days: 30 }, 'samples that are older than they are kept were dropped']])

  const later = await Promise.all([...paths, comparison].map(read))
  for (const [i, answer] of later.entries()) {
    const { samplesExpiredAt = null, ...rest } = answer
    const { samplesExpiredAt: _, ...asBefore } = earlier[i]
    assert.deepEqual(rest, asBefore, paths[i] ?? comparison)
    if (i === 1 || i === 3) assert.ok(Math.abs(Date.parse(samplesExpiredAt) - before) < 60_000, samplesExpiredAt)
    else assert.equal(samplesExpiredAt, null)
  }
  assert.deepEqual(await read(`/v1/runs/${young[0]}/samples`), kept)
  const { rows } = await api.store.db.execute(
    sql`SELECT output IS NOT NULL AS there, samples FROM run_samples WHERE run_id = ${old[0]}::uuid`,
  )
  assert.deepEqual(rows, [{ there: true, samples: null }], 'gone from the table; what was computed is not')

  // Every way to what is gone says that it is, and since when.
  const histogram = later[1]
  const chosen = await read(`/v1/runs/${old[0]}/histogram?quantiles=0.75,0.25`)
  assert.deepEqual(
    chosen.quantiles,
    [0.75, 0.25].map((q) => histogram.quantiles.find(({ quantile }: { quantile: number }) => quantile === q)),
  )
  for (const gone of [
    'samples',
    'samples?points=10',
    'histogram?bins=3',
    'histogram?from=1',
    'histogram?to=2',
    'histogram?quantiles=0.3',
  ]) {
    const { body } = await api.request.get(`/v1/runs/${old[0]}/${gone}`).expect(410)
    assert.equal(body.code, 'SAMPLES_EXPIRED', gone)
    assert.ok(body.detail.includes(histogram.samplesExpiredAt), body.detail)
  }
  await api.request.get(`/v1/runs/${old[0]}/samples`).set('accept', 'text/csv').expect(410)
  const query = `{ run(id: "${old[0]}") { id samples(first: 5) thinnedSamples(points: 4) { count } few: histogram(bins: 2) { count } histogram { count samplesExpiredAt } } }`
  const { data, errors } = (await api.request.post('/graphql').send({ query })).body
  assert.deepEqual(data.run.histogram, { count: 500, samplesExpiredAt: histogram.samplesExpiredAt })
  assert.deepEqual(errors.map(({ path, extensions }: any) => [path[1], extensions.code]).sort(), [
    ['few', 'SAMPLES_EXPIRED'],
    ['samples', 'SAMPLES_EXPIRED'],
    ['thinnedSamples', 'SAMPLES_EXPIRED'],
  ])

  // The next round, an hour later, finds what has aged meanwhile.
  await api.store.db.execute(sql`UPDATE run_samples SET stored_at = now() - interval '31 days' WHERE run_id = ${young[0]}::uuid`)
  clock.advance(3_590_000)
  await sleep(20)
  assert.equal(told.length, 1)
  await clock.until(() => told.length === 2)
  await api.request.get(`/v1/runs/${young[0]}/samples`).expect(410)
  await read(`/v1/runs/${young[1]}/samples`)
  await retention.close()
  assert.equal(clock.next, null, 'nothing is left to come')
})

it('a round goes on in batches, the oldest first, and a run with many samples is a batch of its own', async () => {
  const days = [52, 53, 51, 54]
  const ids: string[] = []
  for (const each of days) ids.push(await runOf(each))
  const state = async () => Promise.all(ids.map(async (id) => (await api.request.get(`/v1/runs/${id}/samples`)).status))
  const { runs } = api.store
  assert.deepEqual(await runs.expireSamples({ days: 50, mostRuns: 2, mostSamples: 10_000, summarize }), { runs: 2, samples: 1000 })
  assert.deepEqual(await state(), [200, 410, 200, 410])
  assert.deepEqual(await runs.expireSamples({ days: 50, mostRuns: 9, mostSamples: 100, summarize }), { runs: 1, samples: 500 })
  assert.deepEqual(await state(), [410, 410, 200, 410])
  const failing = { days: 50, mostRuns: 9, mostSamples: 1000, summarize: async () => Promise.reject(new Error('no')) }
  await assert.rejects(runs.expireSamples(failing))
  assert.deepEqual(await state(), [410, 410, 200, 410], 'what has no summary is kept')
  assert.deepEqual(await runs.expireSamples({ days: 50, mostRuns: 9, mostSamples: 1000, summarize }), { runs: 1, samples: 500 })
  assert.deepEqual(await runs.expireSamples({ days: 50, mostRuns: 9, mostSamples: 1000, summarize }), { runs: 0, samples: 0 })
})

it('samples that go while they are read end the answer with the reason', async () => {
  const id = await runOf(99)
  const found = await api.store.runs.samples(id)
  assert.ok(found && !found.expired)
  assert.equal((await found.read(0, 100)).length, 100)
  await api.store.runs.expireSamples({ days: 60, mostRuns: 9, mostSamples: 1e6, summarize })
  await assert.rejects(found.read(100, 100), { code: 'SAMPLES_EXPIRED' })
})

it('two services of one database do not drop at the same time', {
  skip: storeKind !== 'postgres' && 'the embedded store has one',
}, async () => {
  const id = await runOf(99)
  let entered = () => {}
  const inside = new Promise<void>((resolve) => (entered = resolve))
  let go = () => {}
  const held = new Promise<void>((resolve) => (go = resolve))
  const slow = async () => {
    entered()
    await held
    return summarize()
  }
  const { runs } = api.store
  const first = runs.expireSamples({ days: 60, mostRuns: 9, mostSamples: 1e6, summarize: slow })
  await inside
  assert.equal(await runs.expireSamples({ days: 60, mostRuns: 9, mostSamples: 1e6, summarize }), null)
  go()
  assert.deepEqual(await first, { runs: 1, samples: 500 })
  await api.request.get(`/v1/runs/${id}/samples`).expect(410)
})
