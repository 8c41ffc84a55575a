import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openTestStore, someArchitecture, someRun, type TestStore } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

type Over = Parameters<typeof someRun>[1] & { architectureId?: string }
const seeded = (seed: number, over: object = {}) => ({ ...someRun('').settings, seed, ...over })

/** A running run on a device of its own. */
async function started(over: Over) {
  const { run } = await opened.store.runs.insert(someRun(architectureId, { deviceUuid: `cpu-${randomUUID()}`, ...over }))
  const { id, owner, attempt } = (await opened.store.runs.claim(run.id, 'me', 60_000))!
  return { id, owner: owner!, attempt }
}
/** One that succeeded with this output; without one, as those did that were made before outputs were kept. */
async function succeeded(over: Over, output?: number[]): Promise<string> {
  const held = await started(over)
  const kept = output && { output: Float32Array.from(output) }
  await opened.store.runs.finish(held, { status: 'succeeded', result: {}, samples: new Float64Array([1]), ...kept })
  return held.id
}
const counterpart = (id: string) => opened.store.runs.counterpart(id)

test('the latest succeeded run of the same computation on another runtime, and its output, every bit of it', async () => {
  const settings = seeded(1)
  const run = await started({ runtime: 'onnxruntime', settings })
  assert.equal(await counterpart(run.id), null)
  await succeeded({ runtime: 'tfjs', settings }, [1])
  const values = [Math.PI, -0, 1e-45, 3.4e38, Number.NaN, Number.NEGATIVE_INFINITY]
  const id = await succeeded({ runtime: 'tfjs', settings }, values)
  // The device, its host, labels, profile and how long it is timed do not change what is computed.
  assert.deepEqual(await counterpart(run.id), { runId: id, runtime: 'tfjs', output: Float32Array.from(values) })
  const other = { device: 'cuda:3', host: 'farm', labels: { a: 'b' }, profile: true, priority: 7 }
  const elsewhere = await succeeded({ ...other, runtime: 'tfjs', settings: seeded(1, { threads: 4, minDurationMs: 99 }) }, [2])
  assert.equal((await counterpart(run.id))?.runId, elsewhere)
})

test('the order is that in which they ended', async () => {
  const settings = seeded(2)
  const slow = await started({ runtime: 'tfjs', settings })
  const run = await started({ settings })
  await succeeded({ runtime: 'tfjs', settings }, [1])
  await new Promise((resolve) => setTimeout(resolve, 5))
  await opened.store.runs.finish(slow, { status: 'succeeded', samples: new Float64Array(1), output: Float32Array.of(2) })
  assert.equal((await counterpart(run.id))?.runId, slow.id)
})

test('another seed, batch, precision, resolution, runtime or network is another computation', async () => {
  const settings = seeded(3)
  const { architecture: network } = await opened.store.architectures.insert(someArchitecture({ digest: 'e'.repeat(64) }))
  const run = await started({ settings })
  const different: Over[] = [
    { settings: seeded(33) },
    { batch: 2 },
    { precision: 'float16' },
    { resolution: [224, 224] },
    { runtime: 'onnxruntime' },
    { architectureId: network.id },
  ]
  for (const over of different) await succeeded({ runtime: 'tfjs', settings, ...over }, [1])
  assert.equal(await counterpart(run.id), null)
  const [portrait, again] = [await started({ settings, resolution: [320, 224] }), await started({ settings, resolution: [224, 224] })]
  assert.equal(await counterpart(portrait.id), null)
  assert.notEqual(await counterpart(again.id), null)
})

test('a run that did not succeed, and one whose output was not kept, are passed over', async () => {
  const settings = seeded(4)
  const run = await started({ settings })
  const early = await succeeded({ runtime: 'tfjs', settings }, [1])
  await started({ runtime: 'tfjs', settings })
  const failed = await started({ runtime: 'tfjs', settings })
  await opened.store.runs.finish(failed, { status: 'failed', error: { code: 'X', message: 'x' } })
  await succeeded({ runtime: 'tfjs', settings })
  assert.equal((await counterpart(run.id))?.runId, early)
})

test('the same network under another name is the same, deleted or not', async () => {
  const settings = seeded(5)
  const { architectures } = opened.store
  const { architecture: twin } = await architectures.insert(someArchitecture({ name: 'twin' }))
  const run = await started({ settings })
  const id = await succeeded({ runtime: 'tfjs', settings, architectureId: twin.id }, [1])
  assert.equal((await counterpart(run.id))?.runId, id)
  await architectures.markDeleted(twin.id)
  assert.equal((await counterpart(run.id))?.runId, id)
})
