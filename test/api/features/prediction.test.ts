/** Predictions over HTTP and GraphQL; a stand-in for the worker takes 20 µs for each million multiply-adds, and nothing else. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { leastArchitectures } from '../../../src/api/features/prediction/service.ts'
import type { RunSuccess } from '../../../src/gpu/contract.ts'
import { archmeter } from '../../cli/command.ts'
import { openTestApi, type TestApi } from '../helper.ts'

const msOf = (macs: number) => 2e-8 * macs

let api: TestApi
const ids = new Map<string, string>()
before(async () => {
  api = await openTestApi()
  api.worker.autoMs = null
  for (const preset of ['squeezenet1_1', 'mobilenet_v1_x0_25', 'mobilenet_v3_small', 'shufflenet_v2_x0_5', 'resnet18', 'mnasnet0_5'])
    ids.set(preset, (await api.request.post('/v1/architectures').send({ name: preset, zoo: { preset } }).expect(201)).body.id)
})
after(() => api.close())

/** A run that the stand-in makes last as its multiply-adds say. */
async function run(preset: string, over: object = {}): Promise<string> {
  const request = { architectureId: ids.get(preset), device: 'cpu:0', runtime: 'onnxruntime', profile: true, fresh: true, ...over }
  const { body } = await api.request.post('/v1/runs').send(request).expect(202)
  const { layers, totals } = (await api.request.get(`/v1/architectures/${ids.get(preset)}/costs?batch=${body.batch}`).expect(200)).body
  const perLayer = layers.map(({ id, macs }: { id: string; macs: number }) => ({ layerIds: [id], ms: 2 * msOf(macs) }))
  while (!api.worker.runs(body.id)) await sleep(5)
  api.worker.finish(body.id, (success): RunSuccess => {
    const { result } = success
    const p50 = msOf(totals.macs)
    const profile = result.profile && { ...result.profile, perLayer, unattributedMs: 0 }
    return { ...success, result: { ...result, latencyMs: { ...result.latencyMs, p50, mean: p50 }, profile } }
  })
  while (!(await api.request.get(`/v1/runs/${body.id}`)).body.finishedAt) await sleep(5)
  return body.id
}

const where = 'device=cpu:0&runtime=onnxruntime'
const predict = (preset: string, query = where) => api.request.get(`/v1/architectures/${ids.get(preset)}/prediction?${query}`)

describe('a prediction', () => {
  it('is refused until five networks were measured, saying how many are missing and what to call', async () => {
    const none = (await predict('mnasnet0_5').expect(409)).body
    assert.equal(none.code, 'PREDICTION_NEEDS_RUNS')
    assert.match(none.detail, new RegExp(`^0 architectures have been measured .* queue runs of ${leastArchitectures} more, such as \\{`))
    assert.match(none.detail, /"device":"cpu:0","runtime":"onnxruntime","profile":true\}/)
    for (const preset of ['squeezenet1_1', 'squeezenet1_1', 'resnet18']) await run(preset)
    assert.match((await predict('mnasnet0_5').expect(409)).body.detail, /^2 architectures have been measured .* queue runs of 3 more/)
  })

  it('is not asked for by advice, which says where the time went that a run has measured', async () => {
    const path = `/v1/architectures/${ids.get('resnet18')}/advice`
    const latest = await run('resnet18')
    const { findings, batch } = (await api.request.get(path).expect(200)).body
    const of = (name: string) => findings.find((each: any) => each.name === name)
    const { totals, layers } = (await api.request.get(`/v1/architectures/${ids.get('resnet18')}/costs`)).body
    // The stand-in takes time for multiply-adds alone: all of it in convolutions, but for the 512 × 1000 of the classifier.
    const time = of('timeConvolutions')
    assert.ok(Math.abs(time.share - (totals.macs - 512_000) / totals.macs) < 1e-9, `${time.share}`)
    assert.ok(Math.abs(time.value / (2 * msOf(totals.macs - 512_000)) - 1) < 1e-9)
    assert.deepEqual([time.holds, time.unit, time.runId, batch], [true, 'ms', latest, 1])
    assert.equal(time.layers[0], layers.reduce((a: any, b: any) => (b.macs > a.macs ? b : a)).id)
    // Its ceilings are 1 Gflop/s and 1 GB/s: below one flop a byte a kernel is bound by memory.
    const bound = of('memoryBound')
    const { rows } = (await api.request.get(`/v1/runs/${latest}/profile`)).body
    const slow = rows.filter((row: any) => row.ms > 0 && row.arithmeticIntensity < 1)
    assert.deepEqual([bound.value, bound.runId], [slow.length, latest])
    // Ceilings that are given speak of another device.
    const given = (await api.request.get(`${path}?gflopsPerSecond=1000&gigabytesPerSecond=10&runId=${latest}`).expect(200)).body
    assert.equal(given.findings.find((each: any) => each.name === 'memoryBound').runId, null)
    const query = `{ advice(architectureId: "${ids.get('resnet18')}", runId: "${latest}") { findings { name value runId } prediction { latencyMs } } }`
    const { data } = (await api.request.post('/graphql').send({ query })).body
    assert.deepEqual(
      data.advice.findings.find((each: any) => each.name === 'timeConvolutions'),
      { name: 'timeConvolutions', value: time.value, runId: latest },
    )
    const refused = async (more: string, of = 'resnet18') => (await api.request.get(`/v1/architectures/${ids.get(of)}/advice?${more}`)).body
    assert.match((await refused(`runId=${latest}`, 'squeezenet1_1')).detail, /is of architecture/)
    assert.match((await refused(`runId=${latest}&batch=3`)).detail, /leave batch out/)
    assert.equal((await refused('runId=00000000-0000-7000-8000-000000000000')).code, 'RUN_NOT_FOUND')
    assert.equal((await refused(where)).code, 'PREDICTION_NEEDS_RUNS')
    const small = await run('squeezenet1_1', { resolution: '96', settings: { threads: 3 } })
    assert.match((await refused(`runId=${small}`, 'squeezenet1_1')).detail, /sizes of its own/)
  })

  it('tells an unseen network by the law of the device, with its error and interval', async () => {
    for (const preset of ['mobilenet_v1_x0_25', 'mobilenet_v3_small']) await run(preset)
    const latest = await run('shufflenet_v2_x0_5')
    const { body } = await predict('mnasnet0_5').expect(200)
    // torchvision: MNASNet 0.5 has 104,455,968 multiply-adds.
    assert.ok(Math.abs(body.latencyMs / msOf(104_455_968) - 1) < 0.05, `${body.latencyMs}`)
    assert.deepEqual(body.learntFrom, { architectures: 5, runs: 5, profiled: 5, latestRunId: latest, way: body.learntFrom.way })
    assert.equal(body.error.method, 'leave-one-architecture-out')
    assert.equal(body.error.architectures, 5)
    assert.ok(body.error.medianPercent <= body.error.worstPercent)
    assert.ok([...ids.keys()].includes(body.error.worstArchitecture))
    assert.ok(body.interval.lowMs <= body.latencyMs && body.latencyMs <= body.interval.highMs)
    assert.equal(body.measured, null)
    const sum = body.byKind.reduce((all: number, { ms }: { ms: number }) => all + ms, 0)
    assert.ok(Math.abs(sum / body.latencyMs - 1) < 1e-9)
    // Advice says of each rewrite what it saves by the same law, with the same error.
    const path = `/v1/architectures/${ids.get('mnasnet0_5')}/advice`
    const advice = (await api.request.get(`${path}?${where}`).expect(200)).body
    assert.deepEqual([advice.prediction.latencyMs, advice.prediction.error], [body.latencyMs, body.error])
    for (const { rewrite, saved, savedMs } of advice.savings)
      assert.ok(Math.abs(savedMs - msOf(saved.macs)) < 0.05 * body.latencyMs, `${rewrite}: ${savedMs}`)
    const fastest = advice.savings.reduce((a: any, b: any) => (b.savedMs > a.savedMs ? b : a))
    assert.equal(advice.best.ms, fastest.savedMs > 0 ? fastest.rewrite : null)
    const without = (await api.request.get(path).expect(200)).body
    assert.deepEqual([without.prediction, without.best.ms, without.savings[0].savedMs], [null, null, null])
    assert.ok(!without.findings.some(({ name }: any) => name === 'timeConvolutions'), 'no run of it has a profile')
    assert.equal((await api.request.get(`${path}?runtime=onnxruntime`).expect(400)).body.code, 'INVALID_REQUEST')
    // At 5/7 of the height and width, which halves as often without a rest, convolutions have (5/7)² of the positions.
    const small = (await predict('mnasnet0_5', `${where}&resolution=160`).expect(200)).body
    assert.ok(Math.abs(small.latencyMs / body.latencyMs - (160 / 224) ** 2) < 0.05, `${small.latencyMs}`)
    assert.deepEqual([small.resolution, body.resolution], ['160', null])
    assert.equal((await predict('resnet18', `${where}&resolution=64`).expect(200)).body.measured, null)
    assert.notEqual((await predict('resnet18').expect(200)).body.measured, null)
    // The command says the same of the same content, which is there already.
    const command = ['predict', 'mnasnet0_5', '--server', api.url, '--device', 'cpu:0', '--runtime', 'onnxruntime', '--resolution', '160']
    const { code, out, err } = await archmeter([...command, '-f', 'json'])
    assert.equal(code, 0, err)
    assert.deepEqual([JSON.parse(out).latencyMs, JSON.parse(out).architectureId], [small.latencyMs, ids.get('mnasnet0_5')])
    assert.match((await archmeter(command)).out, /Error on 5 networks, each left out in turn/)
    const nowhere = await archmeter(['predict', 'mnasnet0_5'], { env: { ARCHMETER_SERVER: undefined } })
    assert.deepEqual([nowhere.code, nowhere.out], [2, ''])
    assert.match(nowhere.err, /say which service is to predict: --server/)
    // By this law 32 images take 32 times as long; every call that was measured was smaller.
    const many = (await predict('mnasnet0_5', `${where}&batch=32`).expect(200)).body
    assert.ok(Math.abs(many.latencyMs / body.latencyMs / 32 - 1) < 0.05)
    assert.match(many.notes.join(), /outside/)
  })

  it('tells which network to take within a latency: measured where it was, else predicted', async () => {
    const recommend = (query: string) => api.request.get(`/v1/recommend?${where}${query}`).expect(200)
    // By the law 8.4 ms are 420 M multiply-adds. By torchvision’s table EfficientNet-B0 (77.692 %, 386 M) is the best of those.
    const { body } = await recommend(`&maxLatencyMs=${msOf(420e6)}`)
    assert.equal(body.chosen.preset, 'efficientnet_b0')
    assert.equal(body.chosen.latency.runId, null)
    assert.ok(Math.abs(body.chosen.latency.latencyMs / msOf(385_814_752) - 1) < 0.05)
    assert.deepEqual([body.axes, body.binding, body.latencies.device], [['latencyMs'], 'latencyMs', 'cpu:0'])
    assert.equal(body.latencies.error.architectures, 5)
    assert.match(body.reason, /maxLatencyMs binds: .* Its latency is predicted/)
    const measured = body.front.find(({ preset }: { preset: string }) => preset === 'mobilenet_v3_small')
    assert.ok(measured.latency.runId)
    const none = (await recommend('&maxLatencyMs=0.000001')).body
    assert.match(none.reason, /raise maxLatencyMs to .* ms for /)
    await api.request.get('/v1/recommend?maxLatencyMs=5').expect(409)
  })

  it('names the run where the network was measured, and learns anew after each run', async () => {
    const id = await run('mnasnet0_5')
    const { body } = await predict('mnasnet0_5').expect(200)
    assert.deepEqual([body.measured.runId, body.measured.latencyMs, body.learntFrom.architectures], [id, msOf(104_455_968), 6])
    assert.equal(body.learntFrom.latestRunId, id)
  })

  it('keeps runtimes, threads and precisions apart', async () => {
    assert.match((await predict('mnasnet0_5', 'device=cpu:0&runtime=tfjs').expect(409)).body.detail, /^0 .* under tfjs/)
    await run('resnet18', { settings: { threads: 1 } })
    assert.match(
      (await predict('mnasnet0_5', `${where}&threads=1`).expect(409)).body.detail,
      /^1 architecture has .*"settings":\{"threads":1\}/,
    )
    assert.equal((await predict('mnasnet0_5', `${where}&precision=float16`).expect(422)).body.code, 'UNSUPPORTED_BY_RUNTIME')
    assert.equal((await predict('mnasnet0_5', 'device=cpu:7').expect(404)).body.code, 'DEVICE_NOT_FOUND')
    await predict('mnasnet0_5', `${where}&batches=1`).expect(400)
  })

  it('is the basis of the time that a waiting run is expected at, where none like it was made', async () => {
    const { id } = (
      await api.request
        .post('/v1/architectures')
        .send({ name: 'new', zoo: { preset: 'squeezenet1_0' } })
        .expect(201)
    ).body
    const request = { architectureId: id, device: 'cpu:0', runtime: 'onnxruntime', settings: { minSamples: 3000 } }
    const queue = (await api.request.post('/v1/runs').send(request).expect(202)).body.queue
    assert.equal(queue.basis, 'prediction')
    // torchvision: SqueezeNet 1.0 has 0.819 G multiply-adds, so 3,000 calls take 49 s by the law; warm-up comes besides.
    const ms = 3000 * msOf(0.819e9)
    assert.ok(queue.etaMs > 0.9 * ms && queue.etaMs < 1.1 * ms + 5000, `${queue.etaMs}`)
    // Settings that no prediction is made for leave it to the multiply-adds.
    const basic = { ...request, settings: { graphOptimization: 'basic' } }
    assert.notEqual((await api.request.post('/v1/runs').send(basic).expect(202)).body.queue.basis, 'prediction')
  })

  it('is the same by GraphQL', async () => {
    const query = `{ prediction(architectureId: "${ids.get('mnasnet0_5')}", device: "cpu:0", runtime: onnxruntime) { latencyMs error { medianPercent } } }`
    const { body } = await api.request.post('/graphql').send({ query }).expect(200)
    const { latencyMs, error } = (await predict('mnasnet0_5').expect(200)).body
    assert.deepEqual(body.data?.prediction, { latencyMs, error: { medianPercent: error.medianPercent } }, JSON.stringify(body.errors))
  })
})
