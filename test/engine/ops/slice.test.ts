import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slice } from '../../../src/engine/ops/slice.ts'
import { quantities, refused, shapes } from './table.ts'

// As Python slices a list: range(10)[start:end:step].
shapes(slice, [
  ['from the second on', [[1, 10]], { start: 1 }, [[1, 9]]],
  ['the last three', [[1, 10]], { start: -3 }, [[1, 3]]],
  ['all but the ends', [[1, 10]], { start: 1, end: -1 }, [[1, 8]]],
  ['every third of ten is four', [[1, 10]], { start: 0, step: 3 }, [[1, 4]]],
  ['an end past the last is the last', [[1, 10]], { start: 8, end: 99 }, [[1, 2]]],
  ['rows', [[2, 3, 10, 4]], { dim: 2, start: 2, end: 7, step: 2 }, [[2, 3, 3, 4]]],
  ['nothing left', [[1, 10]], { start: 5, end: 5 }, /start 5 to end 5 leaves nothing of the 10 along dim 1/],
  ['a start past the last', [[1, 10]], { start: 10 }, /leaves nothing/],
])
quantities(slice, [['moves data only', [[1, 4]], { start: 1 }, {}]])
refused(slice, [
  ['no start', {}],
  ['backwards', { start: 0, step: -1 }],
])

test('Slice: a step on rows or columns widens the stride of what follows, one on channels does not', () => {
  const shapes = { inputs: [[1, 4, 9, 9]], outputs: [[1, 4, 5, 9]] }
  assert.deepEqual(slice.field?.(shapes, { dim: 2, start: 0, step: 2 }), { kernel: [1, 1], stride: [2, 1], dilation: [1, 1] })
  assert.equal(slice.field?.(shapes, { dim: 1, start: 0, step: 2 }), 'elementwise')
})
