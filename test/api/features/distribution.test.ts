/** Samples for charts: histogram, quantiles, fewer of them; a read that waits; figures rounded. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from '../../../src/store/drizzle.ts'
import { fakeSamples } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
})
after(() => api?.close())

const queueRun = async (): Promise<string> =>
  (await api.request.post('/v1/runs').send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true }).expect(202)).body.id
const read = async (path: string) => (await api.request.get(path).expect(200)).body

/** A run with these samples. */
async function runOf(samples: Float64Array): Promise<string> {
  const id = await queueRun()
  await read(`/v1/runs/${id}?wait=20`)
  await api.store.db.execute(sql`UPDATE run_samples SET samples = ${Buffer.from(samples.buffer)} WHERE run_id = ${id}::uuid`)
  return id
}

describe('a histogram', () => {
  it('counts each sample once; edges belong to the bin above, the last to its own', async () => {
    const id = await runOf(Float64Array.of(4, 1, 2, 2, 3, 1.5, 5))
    const { bins, count, min, max, below, above, unit } = await read(`/v1/runs/${id}/histogram?bins=4`)
    assert.deepEqual([count, min, max, below, above, unit], [7, 1, 5, 0, 0, 'ms'])
    // numpy.histogram([4, 1, 2, 2, 3, 1.5, 5], bins=4) is ([2, 2, 1, 2], [1, 2, 3, 4, 5]).
    assert.deepEqual(
      bins.map((bin: { count: number }) => bin.count),
      [2, 2, 1, 2],
    )
    assert.deepEqual(
      bins.map(({ from, to }: { from: number; to: number }) => [from, to]),
      [
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
      ],
    )
    const part = await read(`/v1/runs/${id}/histogram?bins=2&from=1.5&to=3`)
    assert.deepEqual([part.below, part.above, part.bins.map((bin: { count: number }) => bin.count)], [1, 2, [3, 1]])
    await api.request.get(`/v1/runs/${id}/histogram?from=3&to=3`).expect(400)
  })

  it('has quantiles as NumPy has them', async () => {
    const id = await runOf(Float64Array.from([15, 20, 35, 40, 50]))
    const { quantiles } = await read(`/v1/runs/${id}/histogram?quantiles=0.05,0.4,0.5,1`)
    // numpy.quantile([15, 20, 35, 40, 50], [0.05, 0.4, 0.5, 1]) is [16, 29, 35, 50].
    assert.deepEqual(
      quantiles.map((each: { ms: number }) => each.ms),
      [16, 29, 35, 50],
    )
    assert.ok(quantiles.every((each: { stated: boolean }) => !each.stated))
    const many = await runOf(Float64Array.from({ length: 700 }, (_, i) => 1 + i / 700))
    const stated = (await read(`/v1/runs/${many}/histogram`)).quantiles
    // MLPerf's early stopping: 662 samples for the 99th percentile, 6,636 for the 99.9th.
    assert.deepEqual(
      stated.map((each: { quantile: number; stated: boolean }) => [each.quantile, each.stated]),
      [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999].map((q) => [q, q < 0.999]),
    )
  })

  it('chooses its bins by the rule of Freedman and Diaconis', async () => {
    // Equally spaced over [0, 1]: IQR 0.5, so 1000 samples have bins of width 2 · 0.5 / 10 = 0.1.
    const id = await runOf(Float64Array.from({ length: 1000 }, (_, i) => i / 999))
    assert.equal((await read(`/v1/runs/${id}/histogram`)).bins.length, 10)
    const same = await runOf(new Float64Array(20).fill(3))
    assert.deepEqual((await read(`/v1/runs/${same}/histogram?bins=7`)).bins, [{ from: 3, to: 3, count: 20 }])
  })

  it('is the same over GraphQL', async () => {
    const id = await runOf(fakeSamples.slice())
    const rest = await read(`/v1/runs/${id}/histogram?bins=3&quantiles=0.5`)
    const query = `{ run(id: "${id}") { histogram(bins: 3, quantiles: [0.5]) { count min max below above samplesExpiredAt bins { from to count } quantiles { quantile ms stated } } thinnedSamples(points: 4) { indices samples } } }`
    const { data } = (await api.request.post('/graphql').send({ query }).expect(200)).body
    const { runId: _, unit: __, ...figures } = rest
    assert.deepEqual(data.run.histogram, figures)
    assert.deepEqual(data.run.thinnedSamples, { indices: [0, 5, 6, 11], samples: [0, 5, 6, 11].map((i) => fakeSamples[i]) })
  })

  it('is of a run that has samples', async () => {
    api.worker.autoMs = null
    const id = await queueRun()
    assert.equal((await api.request.get(`/v1/runs/${id}/histogram`).expect(409)).body.code, 'NO_SAMPLES')
    api.worker.autoMs = 1
    await api.request.delete(`/v1/runs/${id}`)
    await api.request.get('/v1/runs/none/histogram').expect(404)
  })
})

it('fewer samples keep every outlier, in the order measured', async () => {
  const samples = Float64Array.from({ length: 5000 }, (_, i) => 10 + Math.sin(i))
  samples[1234] = 99
  samples[4321] = 0.5
  const id = await runOf(samples)
  const thinned = await read(`/v1/runs/${id}/samples?points=100`)
  assert.equal(thinned.count, 5000)
  assert.ok(thinned.samples.length <= 100 && thinned.samples.length > 90)
  assert.deepEqual(
    thinned.samples,
    thinned.indices.map((i: number) => samples[i]),
  )
  assert.deepEqual(
    thinned.indices,
    thinned.indices.toSorted((a: number, b: number) => a - b),
  )
  assert.ok(thinned.indices.includes(1234) && thinned.indices.includes(4321))
  const all = await read(`/v1/runs/${id}/samples?points=100000`)
  assert.deepEqual(Float64Array.from(all.samples), samples)
  await api.request.get(`/v1/runs/${id}/samples?points=100`).set('accept', 'text/csv').expect(400)
})

describe('a read that waits', () => {
  it('answers when the run has ended, or when the time is up, and at once where it has', async () => {
    api.worker.autoMs = null
    const id = await queueRun()
    assert.notEqual((await read(`/v1/runs/${id}?wait=1`)).finishedAt, undefined)
    const answers: any[] = []
    const waiting = read(`/v1/runs/${id}?wait=30`).then((run) => answers.push(run))
    while (!api.worker.runs(id)) await pause(5)
    await pause(50)
    assert.equal(answers.length, 0)
    api.worker.finish(id)
    await waiting
    assert.equal(answers[0]?.status, 'succeeded')
    assert.equal((await read(`/v1/runs/${id}?wait=60`)).status, 'succeeded')
    api.worker.autoMs = 1
    await api.request.get(`/v1/runs/${id}?wait=61`).expect(400)
    await api.request.get('/v1/runs/none?wait=5').expect(404)
  })
})

it('figures are rounded to the digits asked for, counts stay exact', async () => {
  const id = await runOf(Float64Array.of(1.23456, 2.34567, 123456.789))
  const { bins, count } = await read(`/v1/runs/${id}/histogram?bins=1&digits=3`)
  assert.deepEqual([bins[0].from, bins[0].to, count], [1.23, 123000, 3])
  const run = await read(`/v1/runs/${id}?digits=2`)
  assert.deepEqual([run.result.latencyMs.p50, run.result.throughputPerSecond, run.timeoutMs], [1.7, 590, 600_000])
  assert.equal((await read(`/v1/runs/${id}`)).result.latencyMs.p50, 1.6875)
  assert.equal((await read('/v1/runs?limit=1&digits=2')).items[0].result.latencyMs.p50, 1.7)
  assert.deepEqual((await read(`/v1/runs/${id}/samples?digits=2`)).samples, [1.2, 2.3, 120000])
  await api.request.get(`/v1/runs/${id}?digits=0`).expect(400)
})
