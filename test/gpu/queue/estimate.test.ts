import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Estimated, Estimator, weakest } from '../../../src/gpu/queue/estimate.ts'
import type { PastRun } from '../../../src/store/index.ts'

const settings = { warmupMs: 1000, minDurationMs: 2000, maxDurationMs: 60_000, minSamples: 64 }
const run = (over: Partial<Estimated> = {}): Estimated => ({
  workload: 'new',
  runtime: 'onnxruntime',
  backend: 'cpu',
  macs: 1e9,
  settings,
  timeoutMs: 600_000,
  rounds: null,
  ...over,
})
/** A run of a network of `gmacs` whose calls took `callMs`: 3.5 s of it warm-up and calls. */
const past = (gmacs: number, callMs: number, over: Partial<PastRun> = {}): PastRun => ({
  workload: `of ${gmacs}`,
  runtime: 'onnxruntime',
  backend: 'cpu',
  macs: gmacs * 1e9,
  ms: 4000,
  callMs,
  timedMs: 3500,
  expectedMs: null,
  expectedBasis: null,
  ...over,
})

test('a workload that was run before takes what it took, the latest five alike', () => {
  const history = [100, 200, 300, 400, 500, 9000].map((ms) => past(1, 5, { workload: 'known', ms }))
  assert.deepEqual(new Estimator(history).of(run({ workload: 'known' })), { ms: 300, basis: 'history' })
})

test('a new network takes its multiply-adds at the rate of others, the nearest in size, and what a run takes besides', () => {
  // 10 ms for each 10⁹: 64 calls of 40 ms are 2.56 s, warm-up 1 s, and 0.5 s besides.
  const estimator = new Estimator([past(1, 10), past(2, 20), past(8, 80)])
  assert.deepEqual(estimator.of(run({ macs: 4e9 })), { ms: 500 + 1000 + 64 * 40, basis: 'cost' })
  // A fast one is timed for its minimum duration.
  assert.equal(estimator.of(run({ macs: 1e8 })).ms, 500 + 1000 + 2000)
  // Of a slow one the cap ends the timing, and warming up takes three calls.
  assert.equal(estimator.of(run({ macs: 1e12 })).ms, 500 + 30_000 + 60_000)
  assert.equal(estimator.of(run({ macs: 4e9, rounds: 10 })).ms, 20 * (500 + 1000 + 64 * 40))
  assert.equal(estimator.of(run({ macs: 1e12, timeoutMs: 5000 })).ms, 5000)
})

test('a predicted latency goes before the rate of others, and after runs of the same workload', () => {
  const estimator = new Estimator([past(1, 10), past(2, 20), past(8, 80)])
  // 64 calls of 100 ms are 6.4 s, warm-up 1 s, and what others took besides 0.5 s.
  assert.deepEqual(estimator.ofCall(run({ macs: 4e9 }), 100), { ms: 500 + 1000 + 6400, basis: 'prediction' })
  assert.equal(estimator.ofCall(run({ macs: 4e9, timeoutMs: 2000 }), 100).ms, 2000)
  const stored = { expectedMs: 1234, expectedBasis: 'prediction' }
  assert.deepEqual(estimator.of(run(stored)), { ms: 1234, basis: 'prediction' })
  assert.deepEqual(estimator.of(run({ ...stored, workload: 'of 1' })), { ms: 4000, basis: 'history' })
  assert.equal(estimator.of(run({ ...stored, expectedBasis: 'cost' })).basis, 'cost')
})

test('the rate of another runtime or back end tells nothing, nor does a network without multiply-adds: then its settings are the least', () => {
  for (const over of [{ runtime: 'tfjs' }, { backend: 'cuda' }])
    assert.deepEqual(new Estimator([past(1, 10, over)]).of(run()), { ms: 3000, basis: 'settings' })
  assert.equal(new Estimator([past(1, 10)]).of(run({ macs: null })).basis, 'settings')
  assert.equal(new Estimator([]).of(run({ rounds: 12 })).ms, 24 * 3000)
})

test('the error is that of earlier estimates on the same basis, and is not told of two', () => {
  const of = (ms: number, expectedMs: number, expectedBasis: string) => past(1, 10, { ms, expectedMs, expectedBasis })
  const history = [of(1000, 1100, 'cost'), of(1000, 700, 'cost'), of(2000, 2000, 'cost'), of(1000, 1, 'history'), of(1000, 1, 'history')]
  const estimator = new Estimator(history)
  assert.ok(Math.abs(estimator.error('cost')! - 0.1) < 1e-12, 'the middle of 10 %, 30 % and 0 %')
  assert.equal(estimator.error('history'), null)
})

test('a sum is worth its weakest part', () => {
  assert.equal(weakest(['history', 'cost', 'history']), 'cost')
  assert.equal(weakest(['settings', 'cost']), 'settings')
  assert.equal(weakest(['progress', 'history']), 'history')
  assert.equal(weakest([]), 'progress')
})
