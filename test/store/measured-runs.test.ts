/** The runs that latencies are predicted from: which of them, and the one of several that are alike. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestStore, someArchitecture, someRun, type TestStore } from './helper.ts'

let opened: TestStore
let architectureId: string
before(async () => {
  opened = await openTestStore()
  architectureId = (await opened.store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

const from = { deviceUuid: 'cpu-test', runtime: 'onnxruntime', backend: 'cpu', precision: 'float32', settings: { threads: '1' } }
const latest = async () => (await opened.store.measuredRuns.latest(from, 10)).map(({ id, callMs }) => [id, callMs])

/** A run that succeeded with a median of so many ms. */
async function measured(ms: number, over: Parameters<typeof someRun>[1] = {}, verdict = 'valid', costs: object = {}): Promise<string> {
  const { runs } = opened.store
  const { run } = await runs.insert(someRun(architectureId, over))
  const { id, owner, attempt } = (await runs.claim(run.id, 'me', 60_000))!
  const result = { latencyMs: { p50: ms, mean: ms }, costs: { dtype: 'float32', ...costs } }
  await runs.finish({ id, owner: owner!, attempt }, { status: 'succeeded', result, certificate: { verdict, reasons: [] } })
  return id
}

test('the latest of a network, batch and resolution counts; one at sizes or in types of its own says nothing of the network as registered', async () => {
  assert.deepEqual([await latest(), await opened.store.measuredRuns.latestId(from)], [[], null])
  await measured(9)
  const id = await measured(10)
  await measured(80, { sizes: { dims: { height: 640, width: 640 } } })
  await measured(80, { sizes: { inputShape: [3, 640, 640] } })
  await measured(1, {}, 'invalid')
  await measured(3, { weights: 'file' }, 'valid', { dtype: 'file', macs: 5, macsByPrecision: { int8: 5 } })
  await measured(5, { settings: { threads: 4 } })
  await measured(20, { deviceUuid: 'cpu-other' })
  assert.deepEqual(await latest(), [[id, 10]])
  assert.equal(await opened.store.measuredRuns.latestId(from), id)
  const larger = await measured(40, { resolution: [448, 448] })
  // Tokens are whole numbers, and nothing is multiplied in them.
  const tokens = await measured(7, { batch: 4, weights: 'file' }, 'valid', { dtype: 'file', macs: 5, macsByPrecision: { float32: 5 } })
  assert.deepEqual(await latest(), [
    [tokens, 7],
    [larger, 40],
    [id, 10],
  ])
})
