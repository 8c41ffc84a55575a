import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarize } from '../../../src/gpu/timing/summary.ts'

test('mean and sample standard deviation, by hand', () => {
  // 2 4 4 4 5 5 7 9: mean 5, squared deviations 9+1+1+1+0+0+4+16 = 32, over n − 1 = 7
  const { min, max, mean, stddev, p50, medianCi95 } = summarize(Float64Array.of(9, 2, 4, 5, 4, 7, 4, 5), 0)
  assert.deepEqual([min, max], [2, 9])
  assert.ok(Math.abs(mean - 5) < 1e-12 && Math.abs(stddev - Math.sqrt(32 / 7)) < 1e-12)
  assert.deepEqual([p50, medianCi95], [null, null], 'eight samples state no median')
})

test('a spread that is small beside the mean keeps its digits', () => {
  const samples = Float64Array.from({ length: 1000 }, (_, i) => 1e9 + (i % 2))
  assert.ok(Math.abs(summarize(samples, 0).stddev - Math.sqrt(250 / 999)) < 1e-6)
})

test('percentiles appear as samples grow', () => {
  const at = (n: number) => {
    const { p50, p90, p95, p99, p999 } = summarize(new Float64Array(n).fill(2), 0)
    return [p50, p90, p95, p99, p999].filter((p) => p !== null).length
  }
  assert.deepEqual([1, 11, 64, 130, 662, 6636].map(at), [0, 1, 2, 3, 4, 5])
})

test('means have lost the tail: a median is stated of them and no higher percentile', () => {
  const { p50, p90, p999, medianCi95 } = summarize(new Float64Array(10_000).fill(2), 0, 25)
  assert.deepEqual([p50, p90, p999, medianCi95], [2, null, null, [2, 2]])
})
