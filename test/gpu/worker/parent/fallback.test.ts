/** A host where the C API of ONNX Runtime cannot be called: its runs go by the npm package's binding, and say why. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DeviceWorker } from '../../../../src/gpu/worker/parent/device-worker.ts'
import { jobOf, quick, silent, testDevice, tinyGraph } from '../helpers.ts'

const device = testDevice()
const worker = new DeviceWorker(device, { log: silent, program: fileURLToPath(new URL('./without-koffi.ts', import.meta.url)) })
after(() => worker.close())
const words = 'Cannot find the native Koffi module in /srv/app/node_modules/koffi'

test('without koffi the back end node works, and a run by it records why the better one was passed over', async () => {
  const support = (await worker.probe()).filter(({ runtime }) => runtime === 'onnxruntime')
  assert.deepEqual(
    support.map((each) => [each.backend, each.usable ? each.capabilities.precisions[0] : each.reason]),
    [
      ['cpu', words],
      ['node', 'float32'],
    ],
  )
  const outcome = await worker.execute(jobOf(device, tinyGraph, quick, 'onnxruntime', 'node'), { timeoutMs: 60_000 })
  if (outcome.outcome !== 'succeeded') assert.fail(JSON.stringify(outcome))
  const { environment } = outcome.success
  assert.equal(environment.backend, 'node')
  assert.deepEqual(environment.unusableBackends, [{ backend: 'cpu', reason: words }])
})
