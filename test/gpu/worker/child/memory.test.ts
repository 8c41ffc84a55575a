import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunJob } from '../../../../src/gpu/contract.ts'
import type { Runtime } from '../../../../src/gpu/runtimes/contract.ts'
import { resolveSettings } from '../../../../src/gpu/timing/settings.ts'
import { admit } from '../../../../src/gpu/worker/child/memory.ts'

/** Two copies of the weights while it loads, and the activations. */
const runtime = {
  name: 'onnxruntime',
  leastMemory: (weightBytes: number, peakActivationBytes: number) => 2 * weightBytes + peakActivationBytes,
  memoryLimitBytes: null,
} as Runtime
const job = (kind: 'cpu' | 'cuda', gpuMemoryBytes = 0) =>
  ({
    runtime: 'onnxruntime',
    device: { name: `${kind}:0`, kind, uuid: 'GPU-none' },
    settings: resolveSettings({ gpuMemoryBytes }),
  }) as RunJob
/** More than any host has: 2^50 bytes. */
const huge = 2 ** 50

test('activations count against the memory of the host on a CPU, and not on a GPU', async () => {
  const need = { weightBytes: 2 ** 20, peakActivationBytes: huge }
  await assert.rejects(admit(job('cpu'), runtime, need), { code: 'OUT_OF_MEMORY_EXPECTED', message: /activations of 1073741824 MiB/ })
  // nvidia-smi knows of no such GPU: nothing is held against its memory then.
  assert.ok((await admit(job('cuda'), runtime, need)).totalBytes > 0)
})

test('weights count against the memory of the host on both: they are made there', async () => {
  const need = { weightBytes: huge, peakActivationBytes: 0 }
  for (const kind of ['cpu', 'cuda'] as const)
    await assert.rejects(admit(job(kind), runtime, need), { code: 'OUT_OF_MEMORY_EXPECTED', message: /weights of 1073741824 MiB/ })
})

test('weights and activations together are held against the memory of the GPU that a run may take', async () => {
  const need = { weightBytes: 3 * 2 ** 20, peakActivationBytes: 5 * 2 ** 20 }
  assert.ok((await admit(job('cuda', 8 * 2 ** 20), runtime, need)).totalBytes > 0)
  await assert.rejects(admit(job('cuda', 8 * 2 ** 20 - 1), runtime, need), {
    code: 'OUT_OF_MEMORY_EXPECTED',
    message: /at least 8 MiB .* but 7 MiB of the GPU are allowed by settings\.gpuMemoryBytes/,
  })
})
