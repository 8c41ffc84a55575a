/**
 * `node scripts/gpu/sweep.ts [--seconds 240] [--batches 1,16] [--precision float32] [--cuda FOLDER]`, on a host with an
 * NVIDIA GPU: every preset of the zoo timed and profiled by layer, one JSON line a run, until the seconds are used up: data
 * that a model of latency is fitted to and held against. Needs no network.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo, families } from '../../src/engine/zoo/index.ts'
import type { BackendName, Precision } from '../../src/gpu/contract.ts'
import { defaultCudaFolder } from '../../src/gpu/cuda-folder.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import { resolveSettings } from '../../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'
import { workerProgram } from '../../src/gpu/worker/parent/process.ts'

const { values: given } = parseArgs({
  options: {
    seconds: { type: 'string', default: '240' },
    batches: { type: 'string', default: '1,16' },
    precision: { type: 'string', default: 'float32' },
    backend: { type: 'string', default: 'cuda' },
    cuda: { type: 'string', default: defaultCudaFolder },
  },
})
const { devices, absent } = await surveyDevices()
const gpu = devices.find(({ kind }) => kind === 'cuda')
if (!gpu) throw new Error(`there is no GPU here: ${JSON.stringify(absent)}`)

/** One of each family first, then the next of each: what no longer fits leaves no family out. */
const presets = families
  .flatMap(({ presets: own }) => Object.keys(own).map((preset, nth) => ({ preset, nth })))
  .sort((a, b) => a.nth - b.nth)
const quiet = { debug() {}, warn() {} }
const worker = new DeviceWorker(gpu, { log: quiet, cudaFolder: given.cuda, memoryBytes: 0, program: workerProgram })
const until = performance.now() + Number(given.seconds) * 1000
console.log(JSON.stringify({ gpu, node: process.version, precision: given.precision }))
try {
  for (const batch of given.batches.split(',').map(Number))
    for (const { preset } of presets) {
      if (performance.now() > until) {
        console.log(JSON.stringify({ preset, batch, skipped: 'the seconds are used up' }))
        continue
      }
      const began = performance.now()
      const outcome = await worker.execute(
        {
          runId: randomUUID(),
          graph: verifyGraph(expandZoo({ preset }).spec),
          runtime: 'onnxruntime',
          backend: given.backend as BackendName,
          device: gpu,
          batch,
          precision: given.precision as Precision,
          resolution: null,
          profile: true,
          settings: resolveSettings({ warmupMs: 200, minDurationMs: 400, maxDurationMs: 1000, mode: 'resident' }),
        },
        { timeoutMs: 60_000 },
      )
      const seconds = Math.round((performance.now() - began) / 100) / 10
      if (outcome.outcome !== 'succeeded') {
        console.log(JSON.stringify({ preset, batch, seconds, failed: outcome }))
        continue
      }
      const { result, certificate } = outcome.success
      const { latencyMs, samples, profile, profileRefused, output } = result
      const reasons = certificate.reasons.map(({ code }) => code)
      console.log(
        JSON.stringify({
          preset,
          batch,
          seconds,
          latencyMs,
          samples,
          reasons,
          maxAbs: output.maxAbs,
          profileRefused: profileRefused ?? null,
          profile,
        }),
      )
    }
} finally {
  await worker.close()
}
