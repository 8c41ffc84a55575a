import { localResponseNorm } from '../../../src/engine/ops/local-response-norm.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(localResponseNorm, [
  ['shape kept', [[2, 96, 55, 55]], { size: 5 }, [[2, 96, 55, 55]]],
  ['a vector has no channels to look across', [[2, 96]], { size: 5 }, /feature map/],
])
quantities(localResponseNorm, [
  [
    'size 5: square, 4 sums, α/size, + k, pow, divide',
    [[1, 10, 2, 2]],
    { size: 5 },
    { multiplications: 80, additions: 5 * 40, transcendentals: 40, divisions: 40 },
  ],
  ['size 1: no sums', [[1, 10, 2, 2]], { size: 1 }, { multiplications: 80, additions: 40, transcendentals: 40, divisions: 40 }],
])
refused(localResponseNorm, [
  ['no size', {}],
  ['size 0', { size: 0 }],
  ['half a channel', { size: 2.5 }],
])
