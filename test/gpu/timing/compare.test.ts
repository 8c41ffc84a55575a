import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRounds, compareRuns, type RunFigure, repeatabilityOf } from '../../../src/gpu/timing/compare.ts'
import { medianInterval } from '../../../src/gpu/timing/median-interval.ts'
import { median } from '../../../src/gpu/timing/percentiles.ts'
import { ar1, gaussian } from './series.ts'

/**
 * A machine as it was seen: a process has luck of its own (a few per cent, now and then a third), calls stray and
 * correlate, the whole machine drifts. `block` is one process's samples of a network of `ms`.
 */
function machine(seed: number, { luck = 0.03, drift = 0.02 } = {}) {
  const next = gaussian(seed)
  let weather = 0
  let taken = 0
  return {
    block(ms: number, samples = 60): Float64Array {
      weather = 0.9 * weather + drift * next()
      const unlucky = next() > 2 ? 0.3 : 0
      const level = ms * Math.exp(weather + luck * next() + unlucky)
      return ar1(samples, 0.5, seed * 7919 + taken++).map((x) => level * Math.exp(0.04 * x))
    },
  }
}

/** An interleaved comparison of networks that take `a` and `b` ms. */
function interleaved(seed: number, a: number, b: number, rounds = 12) {
  const { block } = machine(seed)
  const times: { a: number[]; b: number[] } = { a: [], b: [] }
  for (let round = 0; round < rounds; round++)
    for (const side of round % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const))
      times[side].push(median(block(side === 'a' ? a : b)))
  return compareRounds(times.a, times.b)
}

function runOf(samples: Float64Array, seed: number): RunFigure {
  return { median: median(samples), interval: medianInterval(samples, seed) }
}

const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
const shown = (verdict: string) => verdict !== 'noDifferenceShown'

test('A against A, in turns: called faster or slower in at most 5 of 100', (t) => {
  const wrong = hundred.filter((seed) => shown(interleaved(seed, 10, 10).verdict)).length
  t.diagnostic(`interleaved, equal sides: ${wrong} of 100 called different`)
  assert.ok(wrong <= 5, `${wrong}`)
})

test('A against A, two runs with the device’s history: at most 5 of 100; by their own samples alone it would be most', (t) => {
  let wrong = 0
  let naive = 0
  for (const seed of hundred) {
    const { block } = machine(1000 + seed)
    const history = [10, 20, 5].map((ms) => Array.from({ length: 5 }, () => median(block(ms))))
    const [a, b] = [runOf(block(10, 200), seed), runOf(block(10, 200), seed + 1)]
    if (shown(compareRuns(a, b, repeatabilityOf(history)).verdict)) wrong += 1
    if (a.interval![1] < b.interval![0] || b.interval![1] < a.interval![0]) naive += 1
  }
  t.diagnostic(`two runs, equal: ${wrong} of 100 called different; by disjoint intervals of their own ${naive}`)
  assert.ok(wrong <= 5, `${wrong}`)
  assert.ok(naive > 30, `${naive}: the machine of this test is too kind to tell anything`)
})

test('a difference that is there is shown, with its direction and size: 10 % in 20 rounds, in at least 90 of 100', (t) => {
  const found = hundred.map((seed) => interleaved(seed, 10, 9, 20))
  const right = found.filter(({ verdict }) => verdict === 'faster').length
  t.diagnostic(`interleaved, b 10 % faster: shown in ${right} of 100`)
  assert.ok(right >= 90, `${right}`)
  assert.ok(found.every(({ verdict }) => verdict !== 'slower'))
  const covers = found.filter(({ interval }) => interval[0] <= 0.9 && interval[1] >= 0.9).length
  assert.ok(covers >= 95, `the interval holds the true ratio in ${covers} of 100`)
  assert.ok(Math.abs(median(Float64Array.from(found, ({ ratio }) => ratio)) - 0.9) < 0.01)
})

test('turning the sides round turns the answer round', () => {
  const [a, b] = [Array.from({ length: 10 }, (_, i) => 10 + i / 10), Array.from({ length: 10 }, (_, i) => 12 + (i % 3) / 10)]
  const [forth, back] = [compareRounds(a, b), compareRounds(b, a)]
  assert.ok(Math.abs(forth.ratio * back.ratio - 1) < 1e-12)
  assert.ok(Math.abs(forth.interval[0] * back.interval[1] - 1) < 1e-12)
  assert.deepEqual([forth.verdict, back.verdict], ['slower', 'faster'])
})

test('repeatability is the pooled deviation of logarithms, and unknown with too few repeats', () => {
  assert.equal(
    repeatabilityOf([
      [10, 11],
      [5, 5.2],
    ]),
    null,
  )
  const { deviation, degreesOfFreedom } = repeatabilityOf([
    [10, 10 * Math.E ** 0.1, 10 * Math.E ** 0.2],
    [3, 3 * Math.E ** 0.1, 3 * Math.E ** 0.2],
    [7, 7 * Math.E ** 0.1, 7 * Math.E ** 0.2],
  ])!
  assert.equal(degreesOfFreedom, 6)
  assert.ok(Math.abs(deviation - 0.1) < 1e-12, 'the deviation of 0, 0.1, 0.2 is 0.1, whatever the level')
})

test('without history only a large difference of two runs is shown', () => {
  const exact = (ms: number): RunFigure => ({ median: ms, interval: [ms * 0.999, ms * 1.001] })
  assert.equal(compareRuns(exact(10), exact(8), null).verdict, 'noDifferenceShown')
  assert.equal(compareRuns(exact(10), exact(5), null).verdict, 'faster')
})
