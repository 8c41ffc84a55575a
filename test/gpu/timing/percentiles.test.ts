import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentiles, quantile, statedPercentile } from '../../../src/gpu/timing/percentiles.ts'

/** P(Bin(n, tail) ≤ 1): at most one of n samples lies above the true quantile. */
const atMostOneAbove = (n: number, tail: number): number => (1 - tail) ** n + n * tail * (1 - tail) ** (n - 1)

test('each minimum is the least n at which the binomial rule of early stopping holds at confidence 0.99', () => {
  for (const [name, { quantile: q, minimumSamples: n }] of Object.entries(percentiles)) {
    assert.ok(atMostOneAbove(n, 1 - q) <= 0.01, `${name}: ${n} samples do not reach 0.99`)
    assert.ok(atMostOneAbove(n - 1, 1 - q) > 0.01, `${name}: ${n - 1} samples would do`)
  }
})

test('the minima are the published ones: MLPerf early stopping needs 64 queries at p90 and 662 at p99', () => {
  assert.deepEqual(
    Object.values(percentiles).map((percentile) => percentile.minimumSamples),
    [11, 64, 130, 662, 6636],
  )
})

test('quantiles interpolate as numpy.percentile does', () => {
  const ascending = Float64Array.of(15, 20, 35, 40, 50)
  // numpy.percentile([15, 20, 35, 40, 50], [0, 5, 30, 40, 50, 100])
  assert.deepEqual(
    [0, 0.05, 0.3, 0.4, 0.5, 1].map((q) => Number(quantile(ascending, q).toFixed(9))),
    [15, 16, 23, 29, 35, 50],
  )
})

test('a percentile is null one sample short of its minimum, and stated at it', () => {
  for (const [name, { minimumSamples: n }] of Object.entries(percentiles)) {
    assert.equal(statedPercentile(new Float64Array(n - 1).fill(1), name as keyof typeof percentiles), null, name)
    assert.equal(statedPercentile(new Float64Array(n).fill(1), name as keyof typeof percentiles), 1, name)
  }
})
