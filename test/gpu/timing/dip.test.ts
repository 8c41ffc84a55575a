import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dip, twoModes } from '../../../src/gpu/timing/dip.ts'
import { seededRandom } from '../../../src/gpu/timing/median-interval.ts'

const range = (n: number, value: (i: number) => number) => Array.from({ length: n }, (_, i) => value(i))
/** What diptest 0.12.0 (the port of R's package to Python) says of the same values. */
const published: [values: number[], expected: number][] = [
  [[1, 1, 2, 2, 3, 3], 0.16666666666666666],
  [[0, 0.1, 0.2, 5, 5.1, 5.2], 0.24],
  [[1, 2, 2, 3, 3, 3, 4, 4, 5, 9, 10, 10, 11, 11, 11, 12, 12, 13], 0.13194444444444445],
  [range(20, (i) => i * i), 0.025],
  [range(60, (i) => (37 * i * i + 11 * i) % 101), 0.0506578947368421],
  [range(300, (i) => ((i * 7919) % 1000) / 1000 + (i % 3 === 0 ? 2 : 0)), 0.08391842193246406],
]

test('the dip is that of diptest', () => {
  for (const [values, expected] of published) assert.ok(Math.abs(dip(Float64Array.from(values).sort()) - expected) < 1e-12, `${expected}`)
  assert.equal(dip(Float64Array.of(3, 3, 3, 3)), 1 / 8, 'a single value is as unimodal as can be')
})

const random = seededRandom(11)
const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

test('one heap is one: uniform, normal, skewed, heavy-tailed latencies say two in at most 1 of 100', () => {
  const shapes: Record<string, () => number> = {
    uniform: () => 1 + random(),
    normal: () => 10 + gaussian(),
    skewed: () => 10 + Math.exp(0.8 * gaussian()),
    tailed: () => 10 - Math.log(1 - random()) ** 3,
  }
  for (const [name, draw] of Object.entries(shapes)) {
    const found = range(200, () => 0).filter(() => twoModes(Float64Array.from(range(300, draw))) !== null).length
    assert.ok(found <= 2, `${name}: ${found} of 200`)
  }
})

test('two heaps are two: a third of the calls 10 % slower are found in at least 99 of 100, in any order', () => {
  const found = range(100, () => 0).map(() => twoModes(Float64Array.from(range(300, (i) => (i % 3 === 0 ? 11 : 10) + 0.1 * gaussian()))))
  assert.ok(found.filter((each) => each !== null).length >= 99)
  const { modes, share } = found.find((each) => each !== null)!
  assert.ok(Math.abs(modes[0] - 10) < 0.05 && Math.abs(modes[1] - 11) < 0.05 && Math.abs(share - 1 / 3) < 0.02)
})

test('heaps that change no conclusion are none: 3 % apart, 5 % of the calls, too few samples', () => {
  const two = (n: number, every: number, slow: number) =>
    Float64Array.from(range(n, (i) => (i % every === 0 ? slow : 10) + 0.02 * gaussian()))
  assert.equal(twoModes(two(300, 3, 10.3)), null)
  assert.equal(twoModes(two(300, 20, 12)), null)
  assert.equal(twoModes(two(40, 3, 12)), null)
  assert.notEqual(twoModes(two(300, 3, 12)), null)
})
