import { reduce } from '../../../src/engine/ops/reduce.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(reduce, [
  ['rows and columns, kept', [[2, 8, 7, 7]], { kind: 'mean', dims: [2, 3] }, [[2, 8, 1, 1]]],
  ['counted from the end, dropped', [[2, 8, 7, 7]], { kind: 'max', dims: [-1, -2], keepDims: false }, [[2, 8]]],
  ['a dim that is not there', [[2, 8]], { kind: 'sum', dims: [2] }, /out of range/],
])
quantities(reduce, [
  ['mean of 49: 48 additions and a division each', [[1, 2, 7, 7]], { kind: 'mean', dims: [2, 3] }, { additions: 2 * 48, divisions: 2 }],
  ['maximum', [[1, 2, 5]], { kind: 'max', dims: [2] }, { comparisons: 2 * 4 }],
  ['product', [[1, 2, 5]], { kind: 'prod', dims: [2] }, { multiplications: 2 * 4 }],
  ['Euclidean length', [[1, 2, 5]], { kind: 'l2', dims: [2] }, { multiplications: 10, additions: 8, transcendentals: 2 }],
])
refused(reduce, [['a kind that is none', { kind: 'median', dims: [1] }]])
