/** A CUDA run never falls back to the CPU, and float16 is float16 or is refused: each proved by provoking the opposite. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import { exportOnnx } from '../../../../src/engine/formats/onnx-export.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { cApiDriver } from '../../../../src/gpu/runtimes/onnxruntime/c-api/driver.ts'
import { float16OnCpu, onnxruntimeOn } from '../../../../src/gpu/runtimes/onnxruntime/index.ts'
import { readTrace, requireProvider } from '../../../../src/gpu/runtimes/onnxruntime/profile.ts'
import { probeRequest } from '../../../../src/gpu/runtimes/probe-request.ts'
import { defaultRuntimeSettings, type RuntimeSettings } from '../../../../src/gpu/runtimes/settings.ts'
import { temporaryFolder, tinyGraph } from '../../worker/helpers.ts'

const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node')
const onnxruntime = onnxruntimeOn('cpu')
const byNode = onnxruntimeOn('node')
const scratch = temporaryFolder()
const device = { name: 'cpu:0', uuid: 'CPU-test', kind: 'cpu', index: 0, model: 'test', driver: null } as const
const { model } = exportOnnx(tinyGraph, { storage: 'inline' })
/** What ONNX Runtime makes of a provider it does not have: it warns, and takes the next one. */
const unknownThenCpu = { executionProviders: ['nonsense', 'cpu'] }

test('an unknown provider before the CPU runs on the CPU in silence: the profile shows it, and is refused', async () => {
  const session = await ort.InferenceSession.create(model, {
    ...unknownThenCpu,
    enableProfiling: true,
    profileFilePrefix: path.join(scratch, 'trace'),
  })
  await session.run({ input: new ort.Tensor('float32', seededInput(0, 'input', 768), [1, 3, 16, 16]) })
  session.endProfiling()
  await session.release()
  const trace = readTrace(readFileSync(path.join(scratch, readdirSync(scratch)[0]!), 'utf8'), 1)
  assert.ok(trace.kernels.length > 0)
  requireProvider(trace, 'CPUExecutionProvider')
  assert.throws(() => requireProvider(trace, 'CUDAExecutionProvider'), { code: 'FOREIGN_PROVIDER' })
})

test('with the guard that every CUDA session has, the same is refused before it runs', async () => {
  await assert.rejects(
    ort.InferenceSession.create(model, { ...unknownThenCpu, extra: { session: { disable_cpu_ep_fallback: '1' } } }),
    /fallback to CPU EP has been explicitly disabled/,
  )
})

test('without a provider the reason names the command that brings it', async () => {
  const before = process.env.CUDA_DIR
  process.env.CUDA_DIR = path.join(scratch, 'none')
  try {
    const support = await onnxruntime.probe({ ...device, name: 'cuda:0', kind: 'cuda' })
    assert.equal(support.usable, false)
    assert.ok(!support.usable)
    assert.match(
      support.reason,
      /CUDA provider of onnxruntime-node \d+\.\d+\.\d+ does not load: the CUDA provider of ONNX Runtime is not set up/,
    )
    assert.equal(support.command, 'npm run setup:cuda')
  } finally {
    if (before === undefined) delete process.env.CUDA_DIR
    else process.env.CUDA_DIR = before
  }
})

const outputOf = async (precision: 'float32' | 'float16', settings: Partial<RuntimeSettings> = {}) => {
  const request = { ...probeRequest(device), graph: tinyGraph, precision, settings: { ...defaultRuntimeSettings, ...settings } }
  const session = await onnxruntime.load(request)
  await session.run()
  const [output] = await session.outputs()
  await session.dispose()
  return output!
}

test('float16 weights, input and output run, and agree with float32 as far as 11 bits of mantissa do', async () => {
  const [full, half, resident] = [await outputOf('float32'), await outputOf('float16'), await outputOf('float16', { mode: 'resident' })]
  assert.deepEqual(half, resident)
  assert.deepEqual(half, Float32Array.from(Float16Array.from(half)), 'each element is a float16')
  const largest = full.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const difference = full.reduce((most, value, i) => Math.max(most, Math.abs(value - half[i]!)), 0)
  // A rounding is half of 2^-10; sums of a few dozen to thousands of terms stay within some of them.
  assert.ok(difference > 0 && difference < 16 * 2 ** -11 * largest, `${difference} of ${largest}`)
})

test('the CPU offers float16 where it has kernels for it, and not where it would compute in float32 between casts', async () => {
  const problem = await float16OnCpu(cApiDriver)
  const { precisions } = await onnxruntime.capabilities('cpu')
  assert.deepEqual(precisions, problem === null ? ['float32', 'float16'] : ['float32'])
  // MLAS has half-precision convolutions for ARM alone.
  if (process.arch === 'x64') assert.match(problem!, /no float16 kernels on this CPU: it computes in float32 between casts \(\d+ /)
  assert.deepEqual((await onnxruntime.capabilities('cuda')).precisions, ['float32', 'float16'])
})

test('less optimization keeps the nodes that more fuses away', async () => {
  const kernels = async (graphOptimization: RuntimeSettings['graphOptimization']) => {
    const settings = { ...defaultRuntimeSettings, graphOptimization }
    const profile = await onnxruntime.profile!({ ...probeRequest(device), graph: tinyGraph, scratch, settings }, 1)
    return profile.perLayer.length
  }
  assert.equal(await kernels('disabled'), 4, 'convolution, ReLU, flatten and linear, each a kernel of its own')
  assert.ok((await kernels('all')) < 4)
})

test('resident by the npm binding: no layer is computed ahead; each has its kernel as end to end has it, beside the two that were added', async () => {
  const rows = async (mode: RuntimeSettings['mode']) => {
    const settings = { ...defaultRuntimeSettings, mode }
    const { perLayer, unattributedMs } = await byNode.profile!({ ...probeRequest(device), graph: tinyGraph, scratch, settings }, 3)
    return { layers: perLayer.map(({ layerIds }) => layerIds), unattributedMs }
  }
  const [endToEnd, resident] = [await rows('endToEnd'), await rows('resident')]
  assert.deepEqual(resident.layers, endToEnd.layers)
  assert.ok(resident.unattributedMs > 0, 'Mul and ReduceMax belong to no layer')
})
