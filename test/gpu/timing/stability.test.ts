import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mannKendall, stability } from '../../../src/gpu/timing/stability.ts'
import { ar1, gaussian } from './series.ts'

const seeds = Array.from({ length: 100 }, (_, i) => i + 1)
/** How many of the seeds are called stable. */
const calledStable = (make: (seed: number) => Float64Array): number => seeds.filter((seed) => stability(make(seed)).stable).length
const noisy = (n: number, share: number, shape: (i: number) => number) => (seed: number) => {
  const next = gaussian(seed)
  return Float64Array.from({ length: n }, (_, i) => 10 * shape(i / n) * (1 + share * next()))
}
const flat = () => 1

test('stationary noise is stable', () => {
  assert.ok(calledStable(noisy(300, 0.02, flat)) >= 99, '2 % noise')
  assert.ok(calledStable(noisy(1000, 0.1, flat)) >= 97, '10 % noise')
  assert.ok(calledStable((seed) => ar1(1000, 0.7, seed).map((x) => 10 * (1 + 0.03 * x))) >= 95, 'autocorrelated noise')
})

test('a heavy right tail, as latencies have, is stable', () => {
  const tailed = (seed: number) => {
    const next = gaussian(seed)
    return Float64Array.from({ length: 600 }, (_, i) => 10 * Math.exp(0.05 * next()) * (i % 29 === 7 ? 5 : 1))
  }
  assert.ok(calledStable(tailed) >= 97)
})

test('an injected step is unstable, early, in the middle and late', () => {
  assert.equal(calledStable(noisy(300, 0.02, (t) => (t < 0.5 ? 1 : 1.06))), 0, '6 % in the middle')
  assert.equal(calledStable(noisy(300, 0.02, (t) => (t < 0.5 ? 1 : 0.94))), 0, '6 % faster in the middle')
  assert.equal(calledStable(noisy(300, 0.02, (t) => (t < 0.2 ? 1.3 : 1))), 0, 'a fifth was slower')
  assert.equal(calledStable(noisy(300, 0.02, (t) => (t < 0.9 ? 1 : 1.3))), 0, 'the last tenth is slower')
  assert.equal(calledStable(noisy(300, 0.02, (t) => (t < 0.4 || t > 0.6 ? 1 : 1.3))), 0, 'a bump')
})

test('an injected ramp is unstable', () => {
  assert.equal(calledStable(noisy(300, 0.02, (t) => 1 + 0.08 * t)), 0, '8 % up')
  assert.equal(calledStable(noisy(300, 0.02, (t) => 1.08 - 0.08 * t)), 0, '8 % down')
})

test('a drift too small to matter is no instability', () => {
  assert.equal(stability(Float64Array.from({ length: 300 }, (_, i) => 10 + (0.1 * i) / 300)).stable, true)
})

test('windows and tolerances are what the settings say', () => {
  const given = { stabilityWindows: 3, stabilityTolerance: 0.05, driftTolerance: 0.02 }
  const step = noisy(300, 0.01, (t) => (t < 0.5 ? 1 : 1.08))(1)
  assert.equal(stability(step, given).stable, false)
  assert.equal(stability(step, { ...given, stabilityTolerance: 0.2, driftTolerance: 0.2 }).stable, true)
  const ramp = noisy(300, 0.002, (t) => 1 + 0.015 * t)(1)
  assert.equal(stability(ramp, given).stable, true, '1.5 % is no drift at 2 %')
  assert.match(stability(ramp, { ...given, driftTolerance: 0.005 }).reason!, /a trend/)
  // A bump in the second of five windows, which thirds dilute.
  const bump = noisy(500, 0.002, (t) => (t >= 0.2 && t < 0.3 ? 1.09 : 1))(1)
  assert.equal(stability(bump, given).stable, true)
  assert.match(stability(bump, { ...given, stabilityWindows: 10 }).reason!, /medians of ten windows lie/)
})

test('the reason says what was seen', () => {
  assert.match(stability(new Float64Array(9).fill(1)).reason!, /9 samples are too few/)
  assert.match(stability(noisy(300, 0.01, (t) => (t < 0.5 ? 1 : 1.5))(1)).reason!, /three windows lie \d+\.\d % apart/)
  assert.match(stability(noisy(300, 0.01, (t) => 1 + 0.05 * t)(1)).reason!, /rises by [34]\.\d % from the first third to the last/)
})

test('Mann–Kendall as worked out by hand', () => {
  // 1 3 2 4: five pairs rise, one falls, S = 4; variance 4·3·13/18 = 26/3; z = 3/√(26/3)
  assert.ok(Math.abs(mannKendall([1, 3, 2, 4]) - 3 / Math.sqrt(26 / 3)) < 1e-12)
  // 1 1 2: S = 2; variance (3·2·11 − 2·1·9)/18 = 48/18; z = 1/√(8/3)
  assert.ok(Math.abs(mannKendall([1, 1, 2]) - 1 / Math.sqrt(8 / 3)) < 1e-12)
  assert.equal(mannKendall([5, 5, 5, 5]), 0)
})
