/** A model that crashes, hangs or runs out of memory costs that run alone: each provoked for real in the worker process. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { DeviceWorker, type Outcome } from '../../../../src/gpu/worker/parent/device-worker.ts'
import type { WorkerOptions } from '../../../../src/gpu/worker/parent/warm-process.ts'
import { withNvidiaSmi } from '../../devices/fake-nvidia-smi.ts'
import { isAlive, jobOf, quick, silent, testDevice, tinyGraph } from '../helpers.ts'
import { faults } from './faults.ts'

const onLinux = { skip: process.platform === 'linux' ? false : 'skipped: the cap of memory is Linux’s' }
const device = testDevice()
const workerWith = (options: Partial<WorkerOptions> = {}) => {
  const worker = new DeviceWorker(device, { log: silent, program: fileURLToPath(new URL('./faulty.ts', import.meta.url)), ...options })
  after(() => worker.close())
  return worker
}
const patient = { timeoutMs: 60_000 }
const failureOf = (outcome: Outcome) => {
  if (!('failure' in outcome)) assert.fail(JSON.stringify(outcome))
  return { outcome: outcome.outcome, ...outcome.failure }
}
const run = (worker: DeviceWorker, seed = 0, options: Partial<typeof patient> = {}) =>
  worker.execute(jobOf(device, tinyGraph, { ...quick, seed }), { ...patient, ...options })
const succeeds = (outcome: Outcome) => assert.equal(outcome.outcome, 'succeeded', JSON.stringify(outcome))
const nextRunWorks = async (worker: DeviceWorker) => succeeds(await run(worker))

test('a native abort costs its run, which says how; the next one works', async () => {
  const worker = workerWith()
  const { outcome, code, message } = failureOf(await run(worker, faults.abort))
  assert.deepEqual([outcome, code], ['crashed', 'WORKER_CRASHED'])
  assert.match(message, /by signal SIGABRT/)
  await nextRunWorks(worker)
})

test('a thread that stands still costs its run at its deadline; the next one works', async () => {
  const worker = workerWith()
  await nextRunWorks(worker)
  const { pid } = worker
  const outcome = await run(worker, faults.block, { timeoutMs: 500 })
  assert.equal(outcome.outcome, 'timedOut')
  assert.equal(isAlive(pid!), false)
  await nextRunWorks(worker)
})

test('a profile that crashes costs the profile alone: the timing stands, and the reason with it', async () => {
  const worker = workerWith()
  const outcome = await worker.execute({ ...jobOf(device, tinyGraph, { ...quick, seed: faults.profile }), profile: true }, patient)
  if (outcome.outcome !== 'succeeded') return assert.fail(JSON.stringify(outcome))
  const { result, samples } = outcome.success
  assert.ok(samples.length >= 11 && result.latencyMs.p50! > 0)
  assert.equal(result.profile, null)
  assert.equal(result.profileRefused?.code, 'WORKER_CRASHED')
  assert.match(result.profileRefused.message, /by signal SIGABRT/)
  await nextRunWorks(worker)
})

test('a heap that runs full costs its run, which says so; the next one works', onLinux, async () => {
  const worker = workerWith({ memoryBytes: 2 ** 30 })
  const { outcome, code } = failureOf(await run(worker, faults.heap))
  assert.deepEqual([outcome, code], ['crashed', 'OUT_OF_MEMORY'])
  await nextRunWorks(worker)
})

/** 64 maps of 160×160 floats an image: 6.25 MiB, and two of them live at once. */
const wide = verifyGraph({
  input: { shape: [64, 160, 160] },
  layers: [...Array.from({ length: 3 }, () => ({ type: 'Conv2d', outChannels: 64, kernelSize: 1 })), { type: 'GlobalAvgPool2d' }],
})
const batch = 24
const leastBytes = 2 * 64 * 160 * 160 * 4 * batch
const wideRun = (worker: DeviceWorker) => worker.execute({ ...jobOf(device, wide), batch }, patient)

/** What counts against the cap before a run. */
async function idleBytes(): Promise<number> {
  const worker = workerWith()
  await nextRunWorks(worker)
  return Number(/^VmData:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))![1]) * 1024
}

test('the cap of memory: a run that cannot fit is refused with both figures, one that passes it fails alone', onLinux, async (t) => {
  const idle = await idleBytes()
  const tight = workerWith({ memoryBytes: idle + leastBytes / 2 })
  const refused = failureOf(await wideRun(tight))
  assert.equal(refused.code, 'OUT_OF_MEMORY_EXPECTED')
  assert.match(refused.message, /needs at least 30\d MiB .* but \d+ MiB are left to the worker process by WORKER_MEMORY_BYTES/)
  await nextRunWorks(tight)
  // Room for what it needs at the least, and not for the input, which is made on the host and lives beside it.
  const short = workerWith({ memoryBytes: idle + 1.1 * leastBytes })
  const failed = failureOf(await wideRun(short))
  t.diagnostic(failed.message)
  assert.equal(failed.code, 'OUT_OF_MEMORY')
  await nextRunWorks(short)
  // Generous: how many heaps malloc opens for its threads, 64 MiB each, differs from process to process.
  succeeds(await wideRun(workerWith({ memoryBytes: idle + 5 * leastBytes })))
})

test('a GPU without room refuses with both figures, by the driver’s own count', async () => {
  const gpu = { ...device, name: 'cuda:0', kind: 'cuda' as const, uuid: 'GPU-00000000-0000-0000-0000-000000000000' }
  const worker = new DeviceWorker(gpu, { log: silent })
  try {
    const outcome = await withNvidiaSmi('case "$*" in "--query-gpu=memory.free "*) echo 128 ;; *) exit 1 ;; esac', () =>
      worker.execute({ ...jobOf(gpu, wide), batch }, patient),
    )
    const { code, message } = failureOf(outcome)
    assert.equal(code, 'OUT_OF_MEMORY_EXPECTED')
    assert.match(message, /needs at least 30\d MiB .* but 128 MiB are free on cuda:0/)
  } finally {
    await worker.close()
  }
})
