import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transpose } from '../../../src/engine/ops/transpose.ts'
import { quantities, shapes } from './table.ts'

shapes(transpose, [
  ['channels last', [[2, 3, 5, 7]], { dims: [0, 2, 3, 1] }, [[2, 5, 7, 3]]],
  ['matrix', [[2, 3, 5]], { dims: [0, 2, 1] }, [[2, 5, 3]]],
  ['the batch moved, as before an attention', [[2, 3, 5]], { dims: [1, 0, 2] }, [[3, 2, 5]]],
  ['a dim twice', [[2, 3, 5]], { dims: [0, 1, 1] }, /once/],
  ['a dim left out', [[2, 3, 5]], { dims: [0, 1] }, /once/],
])
quantities(transpose, [['moves data only', [[1, 3, 4]], { dims: [0, 2, 1] }, {}]])

test('Transpose: rows and columns that stay keep their receptive field', () => {
  const shapes = { inputs: [[1, 2, 3, 4]], outputs: [[1, 2, 3, 4]] }
  assert.equal(transpose.field?.(shapes, { dims: [0, 1, 2, 3] }), 'elementwise')
  assert.equal(transpose.field?.(shapes, { dims: [0, 1, 3, 2] }), 'global')
})
