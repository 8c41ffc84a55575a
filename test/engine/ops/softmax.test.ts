import { softmax } from '../../../src/engine/ops/softmax.ts'
import { quantities, shapes } from './table.ts'

shapes(softmax, [
  ['logits', [[4, 1000]], {}, [[4, 1000]]],
  ['columns of a map', [[1, 3, 5, 7]], { dim: -1 }, [[1, 3, 5, 7]]],
  ['a dim that is not there', [[4, 1000]], { dim: 2 }, /dim 2 is out of range for 1000/],
  ['a dim that is not there', [[4, 1000]], { dim: 2 }, /dim 2 is out of range/],
  ['a dim before the first', [[4, 1000]], { dim: -3 }, /dim -3 is out of range/],
])
quantities(softmax, [
  [
    'rows of 10: 9 comparisons, 10 subtractions, 10 exps, 9 sums, 10 divisions each',
    [[4, 10]],
    {},
    { comparisons: 36, additions: 76, transcendentals: 40, divisions: 40 },
  ],
  ['12 rows of 5 along dim 2', [[1, 3, 5, 4]], { dim: 2 }, { comparisons: 48, additions: 108, transcendentals: 60, divisions: 60 }],
])
