/** Profiled runs through the worker process, on each runtime: the roofline of what was really executed. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { exportOnnx } from '../../../../src/engine/formats/onnx-export.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { runtimeNames } from '../../../../src/gpu/contract.ts'
import { rooflineOf } from '../../../../src/gpu/roofline.ts'
import type { LoadRequest } from '../../../../src/gpu/runtimes/contract.ts'
import { loadRuntime } from '../../../../src/gpu/runtimes/index.ts'
import { measureCeilings } from '../../../../src/gpu/worker/child/ceilings.ts'
import { DeviceWorker } from '../../../../src/gpu/worker/parent/device-worker.ts'
import { jobOf, quick, silent, temporaryFolder, testDevice } from '../helpers.ts'

const device = testDevice()
const worker = new DeviceWorker(device, { log: silent })
after(() => worker.close())

/**
 * Layers that no ceiling explains: local response normalization, a pow an element on one thread in ONNX Runtime; and a
 * convolution in many groups, which TF.js does not have, so that it is split, convolved and put together again.
 */
const graph = verifyGraph({
  input: { shape: [32, 56, 56] },
  layers: [
    { id: 'conv', type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1, bias: false },
    { id: 'bn', type: 'BatchNorm2d' },
    { id: 'relu', type: 'ReLU' },
    { id: 'norm', type: 'LocalResponseNorm', size: 5 },
    { id: 'grouped', type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1, groups: 32 },
    { id: 'pool', type: 'GlobalAvgPool2d' },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 10 },
  ],
})
const slow = { onnxruntime: 'norm', tfjs: 'grouped' } as const

for (const runtime of runtimeNames)
  test(`${runtime}: a profiled run has its ceilings; its rows hold every layer once; what is far is what should be`, async () => {
    const phases: unknown[] = []
    const outcome = await worker.execute(
      { ...jobOf(device, graph, quick, runtime), batch: 2, profile: true },
      { timeoutMs: 60_000, onProgress: ({ type, data }) => void (type === 'phase' && phases.push(data.phase)) },
    )
    if (outcome.outcome !== 'succeeded') return assert.fail(JSON.stringify(outcome))
    assert.deepEqual(phases.slice(-2), ['profiling', 'calibrating'])
    const profile = outcome.success.result.profile!
    const { compute, memory } = profile.ceilings
    assert.equal(profile.launchBlocking, null, 'there is no launch on a CPU')
    assert.ok(profile.kernelOverhead.ms > 0 && profile.kernelOverhead.ms < profile.totalMs)
    assert.match(profile.method, runtime === 'onnxruntime' ? /^ONNX Runtime’s profiler: host clock/ : /^host clock around/)
    assert.ok(compute.flopsPerSecond > 0 && memory.bytesPerSecond > 0)
    assert.match(compute.measuredWith, /^(Conv2d|Linear).*\d flops in [\d.]+ ms$/)
    assert.match(memory.measuredWith, /^Add .*\d bytes in [\d.]+ ms$/)

    const { rows, totals, unattributed } = rooflineOf(graph, profile, profile.ceilings, { batch: 2 })
    assert.deepEqual(rows.flatMap(({ layerIds }) => layerIds).sort(), graph.layers.map(({ id }) => id).sort())
    const costs = computeCosts(graph, { batch: 2, convention: 'full' }).totals
    assert.deepEqual([totals.flops, totals.macs], [costs.flops, costs.macs])
    assert.ok(rows.reduce((sum, { share }) => sum + share, unattributed.share) <= 1.001)
    for (const row of rows) {
      // Again from the ceilings and the times alone.
      const attained = Math.max(row.flops / compute.flopsPerSecond, row.bytes / memory.bytesPerSecond) * 1000
      assert.equal(row.above !== null, attained > row.ms && row.ms > 0, `${row.layerIds.join(' ')}: ${row.above}`)
      assert.equal(row.far, 2 * attained < row.ms && row.ms >= 0.01 * profile.totalMs, row.layerIds.join(' '))
    }
    const slowest = rows.find(({ layerIds }) => layerIds.includes(slow[runtime]))!
    assert.ok(slowest.far && slowest.rooflineShare! < 0.25, `${slow[runtime]}: ${slowest.rooflineShare} of the roofline`)
  })

test('a network that runs from a user’s file has ceilings of the layers that are meant, not of the file', async () => {
  const { model: bytes } = exportOnnx(graph, { batch: 1, seed: 1, weights: 'seeded', storage: 'inline' })
  const file = path.join(temporaryFolder(), 'model.onnx')
  writeFileSync(file, bytes)
  const imported = importOnnx(bytes, { limits: { maxLayers: 100, maxElements: 1e9, maxTensors: 200 } })
  for (const runtime of runtimeNames) {
    const job = { ...jobOf(device, imported.graph, quick, runtime), model: { path: file, digest: 'of the file' }, profile: true }
    const outcome = await worker.execute(job, { timeoutMs: 60_000 })
    if (outcome.outcome !== 'succeeded') return assert.fail(JSON.stringify(outcome))
    const { weights, profile } = outcome.success.result
    assert.equal(weights, 'file')
    const { compute, memory } = profile!.ceilings
    assert.ok(Number.isFinite(compute.flopsPerSecond) && compute.flopsPerSecond > 0, `${runtime}: ${compute.measuredWith}`)
    assert.ok(Number.isFinite(memory.bytesPerSecond) && memory.bytesPerSecond > 0, `${runtime}: ${memory.measuredWith}`)
  }
})

test('on a machine with little memory free the tensors of the calibration are small', async () => {
  const runtime = await loadRuntime('onnxruntime', 'cpu')
  const asked: LoadRequest[] = []
  const stand = {
    ...runtime,
    profile: async (request: LoadRequest) => {
      asked.push(request)
      return { perLayer: [{ layerIds: ['layer'], ms: 1 }], unattributedMs: 0, totalMs: 1, runs: 1, method: 'a stand-in' }
    },
  }
  const request = { ...jobOf(device), threads: 1, seed: 0, scratch: temporaryFolder() }
  const free = 64 * 2 ** 20
  const { ceilings, kernelOverhead } = await measureCeilings(stand, request, free)
  const { memory } = ceilings
  assert.equal(kernelOverhead.ms, 1)
  for (const { graph: one, batch, resolution, threads, precision } of asked) {
    assert.deepEqual([resolution, threads, precision], [null, 1, 'float32'])
    const { totals } = computeCosts(one, { batch })
    assert.ok(4 * totals.peakActivationBytes <= free, `${one.layers[0]!.type}, batch ${batch}`)
  }
  const elements = Number(/^Add of two tensors of (\d+) elements/.exec(memory.measuredWith)![1])
  assert.ok(elements >= 2 ** 16 && elements < 2 ** 23, `${elements}`)
})
