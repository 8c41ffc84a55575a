import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockLength, medianInterval } from '../../../src/gpu/timing/median-interval.ts'
import { ar1 } from './series.ts'

/** Share of series whose interval holds the true median, 0. */
function coverage(n: number, phi: number, series: number): number {
  let covered = 0
  for (let seed = 1; seed <= series; seed++) {
    const [low, high] = medianInterval(ar1(n, phi, 7919 * seed), seed)
    if (low <= 0 && high >= 0) covered += 1
  }
  return covered / series
}

test('a 95 % interval covers the true median about 95 % of the time, autocorrelated samples too', () => {
  for (const [n, phi, least] of [
    [100, 0, 0.91],
    [500, 0, 0.92],
    [500, 0.5, 0.9],
    [1000, 0.8, 0.88],
  ] as const) {
    const share = coverage(n, phi, 300)
    assert.ok(share >= least && share <= 0.99, `n ${n}, φ ${phi}: ${share}`)
  }
})

test('without blocks the interval of AR(1) samples would be too short: it widens as they correlate', () => {
  const width = (phi: number) => {
    const [low, high] = medianInterval(ar1(2000, phi, 3), 1)
    return high - low
  }
  // The variance of the mean of AR(1) is (1 + φ)/(1 − φ) times that of independent samples: 3 times the width at 0.8.
  assert.ok(width(0.8) > 1.8 * width(0), `${width(0.8)} against ${width(0)}`)
})

test('the same seed gives the same interval, another seed nearly the same', () => {
  const samples = ar1(400, 0.3, 11)
  assert.deepEqual(medianInterval(samples, 5), medianInterval(samples, 5))
  const [a, b] = [medianInterval(samples, 5), medianInterval(samples, 6)]
  assert.ok(Math.abs(a[0] - b[0]) < 0.05 && Math.abs(a[1] - b[1]) < 0.05)
})

test('equal samples have an interval of no width', () => {
  assert.deepEqual(medianInterval(new Float64Array(64).fill(3), 1), [3, 3])
})

test('block lengths: 1 for independent samples, Carlstein’s optimum for AR(1), bounded', () => {
  assert.equal(blockLength(1000, 0), 1)
  assert.equal(blockLength(1000, 0.5), Math.ceil((4 / 3) ** (2 / 3) * 10))
  assert.equal(blockLength(40, 0.99), 10)
  assert.equal(blockLength(1_000_000, 0), 500)
})

test('a million samples take well under two seconds of CPU', () => {
  const samples = ar1(1_000_000, 0.2, 1)
  const before = process.cpuUsage()
  medianInterval(samples, 1)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 2e6, `${user + system} µs`)
})
