/**
 * The TensorFlow back end, where `npm run setup:tensorflow` has been run: each guard against a silent CPU, and against
 * a process with other threads, by provoking what it guards against.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { RunSuccess } from '../../../../src/gpu/contract.ts'
import { loadRuntime } from '../../../../src/gpu/runtimes/index.ts'
import { readTensorflow, tensorflowFolder, tensorflowProblem } from '../../../../src/gpu/tensorflow-folder.ts'
import { DeviceWorker, type Outcome } from '../../../../src/gpu/worker/parent/device-worker.ts'
import { jobOf, quick, silent, temporaryFolder, testDevice, tinyGraph } from '../../worker/helpers.ts'

const skip = tensorflowProblem() ?? false
const device = testDevice()
const worker = new DeviceWorker(device, { log: silent })
after(() => worker.close())

const patient = { timeoutMs: 60_000 }
function success(outcome: Outcome): RunSuccess {
  if (outcome.outcome !== 'succeeded') assert.fail(JSON.stringify(outcome))
  return outcome.success
}
const run = async (backend: 'tensorflow' | 'wasm', threads = 1) =>
  success(await worker.execute(jobOf(device, tinyGraph, { ...quick, threads }, 'tfjs', backend), patient))

test('a run on it says so, computes what wasm computes, and keeps its process for the next one of as many threads', { skip }, async () => {
  const first = await run('tensorflow')
  const { environment } = first
  assert.equal(environment.backend, 'tensorflow')
  assert.match(environment.runtimeVersion, /^tfjs-node-gpu 4\.22\.0, binding built on TensorFlow 2\.21\.0$/)
  assert.deepEqual(environment.runtimeOptions, { TF_NUM_INTRAOP_THREADS: 1, TF_NUM_INTEROP_THREADS: 1, isUsingGpuDevice: false })
  const warm = await run('tensorflow')
  assert.equal(warm.environment.workerPid, environment.workerPid)

  const other = await run('wasm')
  assert.notEqual(other.environment.workerPid, environment.workerPid, 'the other back end gets a process without TensorFlow')
  const largest = Math.max(...first.outputs.map(Math.abs))
  assert.ok(first.outputs.every((value, i) => Math.abs(value - other.outputs[i]!) <= 1e-4 * largest))
})

test('other threads get another process, and TensorFlow says that it has them', { skip }, async () => {
  const one = await run('tensorflow')
  const chosen = await run('tensorflow', 0)
  assert.notEqual(chosen.environment.workerPid, one.environment.workerPid)
  assert.equal(chosen.environment.runtimeOptions.TF_NUM_INTRAOP_THREADS, chosen.environment.threads)
})

test('a binding without CUDA asked for a GPU is refused with reason and command, and does not fall back to the CPU', { skip }, async () => {
  const gpu = { ...testDevice('GPU-00000000-0000-0000-0000-000000000000'), name: 'cuda:0', kind: 'cuda' as const }
  const onGpu = new DeviceWorker(gpu, { log: silent })
  try {
    const outcome = await onGpu.execute(jobOf(gpu, tinyGraph, quick, 'tfjs', 'tensorflow'), patient)
    assert.equal(outcome.outcome, 'failed')
    const { message } = (outcome as Extract<Outcome, { outcome: 'failed' }>).failure
    assert.match(message, /^TensorFlow 2\.21\.0 would run on the CPU in place of cuda:0: /)
    const support = (await onGpu.probe()).find(({ runtime }) => runtime === 'tfjs')!
    assert.equal(support.usable, false)
    const variant = readTensorflow(tensorflowFolder())!.variant
    assert.equal(support.usable === false && support.command, variant === 'cpu' ? 'npm run setup:tensorflow' : null)
  } finally {
    await onGpu.close()
  }
})

test('in one process: threads are given once, and a second number is refused', { skip }, async () => {
  const runtime = await loadRuntime('tfjs', 'tensorflow')
  const request = { ...jobOf(device), threads: 1, seed: 0, scratch: temporaryFolder() }
  await (await runtime.load(request)).dispose()
  await assert.rejects(async () => runtime.load({ ...request, threads: 2 }), /started with 1 threads and cannot take 2/)
})

test('a name that is no back end of TF.js is refused with a list of the known ones', async () => {
  await assert.rejects(loadRuntime('tfjs', 'cuda'), /tfjs has no back end cuda: it has tensorflow and wasm/)
})

test('wasm asked for a GPU is refused', async () => {
  const runtime = await loadRuntime('tfjs', 'wasm')
  const gpu = { ...testDevice('GPU-none'), name: 'cuda:0', kind: 'cuda' as const }
  const request = { ...jobOf(gpu), threads: 1, seed: 0, scratch: temporaryFolder() }
  await assert.rejects(async () => runtime.load(request), /runs on a CPU alone, not on cuda:0/)
})
