/** What a run says of the other runtime's output: real workers, the queue and the store together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Agreement, RunResult, RuntimeName } from '../../../src/gpu/contract.ts'
import { RunQueue } from '../../../src/gpu/queue/index.ts'
import { resolveSettings } from '../../../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../../../src/gpu/worker/parent/device-worker.ts'
import { cleanup, openTestStore, quietLog, someArchitecture, someRun } from '../../store/helper.ts'
import { quick, silent, testDevice, tinyGraph } from '../worker/helpers.ts'
import { ended } from './helper.ts'

type Output = RunResult['output'] & { agreement: Agreement | null }

test('both runtimes compute the same, each run says how nearly, and a fault in one element shows', { timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const { store, close } = await openTestStore()
  later(close)
  const device = testDevice()
  const worker = new DeviceWorker(device, { log: silent })
  later(() => worker.close())
  const queue = new RunQueue({ store, devices: [device], workers: new Map([[device.uuid, worker]]), log: quietLog })
  later(() => queue.stop())
  await queue.start()
  const { architecture } = await store.architectures.insert(someArchitecture({ graph: tinyGraph }))
  const run = async (runtime: RuntimeName, seed = 0) => {
    const settings = resolveSettings({ ...quick, seed })
    const place = { device: device.name, deviceUuid: device.uuid, host: device.host }
    const { id } = (
      await queue.enqueue(someRun(architecture.id, { ...place, runtime, backend: runtime === 'tfjs' ? 'wasm' : 'cpu', settings }))
    ).run
    assert.equal(await ended(store, id), 'succeeded')
    const { output } = (await store.runs.get(id))!.result as { output: Output }
    return { id, output }
  }
  /** What the store keeps, read past the code under test. */
  const kept = async (id: string): Promise<number[]> => {
    const { rows } = await store.db.execute(sql`SELECT encode(output, 'hex') AS hex FROM run_samples WHERE run_id = ${id}`)
    const bytes = new DataView(Uint8Array.from(rows[0].hex.match(/../g), (pair: string) => Number.parseInt(pair, 16)).buffer)
    return Array.from({ length: bytes.byteLength / 4 }, (_, i) => bytes.getFloat32(4 * i, true))
  }

  const onnx = await run('onnxruntime')
  assert.equal(onnx.output.agreement, null, 'there is nothing yet to agree with')
  const tfjs = await run('tfjs')
  const agreement = tfjs.output.agreement!
  assert.deepEqual([agreement.runId, agreement.runtime, agreement.reason], [onnx.id, 'onnxruntime', null])
  const [a, b] = [await kept(onnx.id), await kept(tfjs.id)]
  assert.deepEqual(a.slice(0, onnx.output.first.length), onnx.output.first)
  assert.deepEqual(b.slice(0, tfjs.output.first.length), tfjs.output.first)
  assert.deepEqual([agreement.elements, a.length, b.length], [10, 10, 10])
  assert.equal(agreement.maxAbsDifference, Math.max(...a.map((value, i) => Math.abs(value - b[i]!))))
  assert.equal(agreement.maxAbs, Math.max(...[...a, ...b].map(Math.abs)))
  assert.ok(agreement.maxAbs > 0 && agreement.maxAbsDifference! <= 1e-4 * agreement.maxAbs, JSON.stringify(agreement))

  // The last element of what tfjs left is raised: the next run of onnxruntime tells.
  const fault = new DataView(new ArrayBuffer(4))
  fault.setFloat32(0, b[9]! + 0.5, true)
  const hex = Buffer.from(fault.buffer).toString('hex')
  await store.db.execute(
    sql`UPDATE run_samples SET output = overlay(output PLACING decode(${hex}, 'hex') FROM 37) WHERE run_id = ${tfjs.id}`,
  )
  const warned = (await run('onnxruntime')).output.agreement!
  assert.deepEqual([warned.runId, warned.runtime], [tfjs.id, 'tfjs'])
  assert.ok(Math.abs(warned.maxAbsDifference! - 0.5) <= 1e-4 * warned.maxAbs!, JSON.stringify(warned))

  assert.equal((await run('tfjs', 1)).output.agreement, null, 'another seed is another computation')
})
