import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareOutputs } from '../../../src/gpu/certificate/agreement.ts'

const other = (...values: number[]) => ({ runId: 'other', runtime: 'tfjs', output: Float32Array.from(values) })
const compare = (own: number[], theirs: number[]) => {
  const { runId, runtime, ...figures } = compareOutputs(Float32Array.from(own), other(...theirs))
  assert.deepEqual([runId, runtime], ['other', 'tfjs'])
  return figures
}
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

test('the largest difference counts, wherever it is and whatever its sign; the scale is that of both', () => {
  assert.deepEqual(compare([1, -2, 3], [1.5, -2, 2.75]), { elements: 3, maxAbsDifference: 0.5, maxAbs: 3, reason: null })
  assert.deepEqual(compare([0, 1], [-8, 1]), { elements: 2, maxAbsDifference: 8, maxAbs: 8, reason: null })
  assert.deepEqual(compare([1, 1], [1, -1]), { elements: 2, maxAbsDifference: 2, maxAbs: 1, reason: null })
  assert.deepEqual(compare([0, -0], [-0, 0]), { elements: 2, maxAbsDifference: 0, maxAbs: 0, reason: null })
})

test('what lies between two neighboring float32 is not lost', () => {
  assert.equal(compare([1], [1 + 2 ** -23]).maxAbsDifference, 2 ** -23)
  const largest = (2 - 2 ** -23) * 2 ** 127
  assert.equal(compare([largest], [-largest]).maxAbsDifference, 2 * largest)
})

test('sizes that differ are not compared', () => {
  assert.deepEqual(compare([1, 2, 3], [1, 2]), {
    elements: 0,
    maxAbsDifference: null,
    maxAbs: null,
    reason: 'The outputs differ in size: 3 elements are kept of this run and 2 of the other',
  })
})

for (const [label, own, theirs, counts] of [
  ['a NaN here', [1, nan, 3], [1, 2, 3], '1 of this run and 0 of the other'],
  ['an infinity there', [1, 2, 3], [1, 2, infinity], '0 of this run and 1 of the other'],
  ['the same on both sides', [infinity, nan, nan], [infinity, nan, 3], '3 of this run and 2 of the other'],
] as const)
  test(`values that are not finite have no difference: ${label}`, () => {
    assert.deepEqual(compare([...own], [...theirs]), {
      elements: 3,
      maxAbsDifference: null,
      maxAbs: null,
      reason: `Of 3 elements ${counts} are not finite`,
    })
  })
