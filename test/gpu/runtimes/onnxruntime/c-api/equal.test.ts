/** The C API computes what the npm package's binding does, bit for bit: one library, called in two ways. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onnxruntimeOn } from '../../../../../src/gpu/runtimes/onnxruntime/index.ts'
import { defaultRuntimeSettings } from '../../../../../src/gpu/runtimes/settings.ts'
import { testCpu } from '../../../../engine/run-graph.ts'
import { temporaryFolder } from '../../../worker/helpers.ts'
import { networks } from '../../networks.ts'

const scratch = temporaryFolder()
type Request = Parameters<ReturnType<typeof onnxruntimeOn>['load']>[0]

async function outputs(backend: 'cpu' | 'node', request: Pick<Request, 'graph'> & Partial<Request>): Promise<Float32Array[]> {
  const base = { batch: 1, resolution: null, precision: 'float32', threads: 1, seed: 7, device: testCpu, scratch } as const
  const session = await onnxruntimeOn(backend).load({ ...base, ...request })
  try {
    // The second call finds what the first left in its memory.
    for (let i = 0; i < 2; i++) await session.run()
    return (await session.outputs()).map((output) => output.slice())
  } finally {
    await session.dispose()
  }
}

for (const { label, graph } of networks) {
  test(`${label}: equal, bit for bit`, async () => {
    const [ours, theirs] = [await outputs('cpu', { graph }), await outputs('node', { graph })]
    assert.ok(ours.some((output) => output.some((value) => value !== 0)))
    assert.deepEqual(ours, theirs)
  })
}

const { graph } = networks.find(({ label }) => label === 'resnet 1')!

test('equal in float16, in batches, with less optimization and where data stays on the device', async () => {
  for (const request of [
    { precision: 'float16' },
    { batch: 3 },
    { settings: { ...defaultRuntimeSettings, graphOptimization: 'disabled' } },
    { settings: { ...defaultRuntimeSettings, mode: 'resident' } },
  ] satisfies Partial<Request>[])
    assert.deepEqual(await outputs('cpu', { graph, ...request }), await outputs('node', { graph, ...request }), JSON.stringify(request))
})
