import { groupNorm } from '../../../src/engine/ops/group-norm.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

shapes(groupNorm, [
  ['a map', [[2, 6, 10, 10]], { groups: 3 }, [[2, 6, 10, 10]]],
  ['tokens', [[2, 6, 10]], { groups: 6 }, [[2, 6, 10]]],
  ['groups that do not divide', [[2, 6, 10, 10]], { groups: 4 }, /groups 4 must divide the 6 channels/],
  ['no channels', [[2]], { groups: 1 }, /takes a tensor with channels/],
])
parameters(groupNorm, [
  ['one of each per channel', [[1, 6, 10, 10]], { groups: 3 }, { weight: [6], bias: [6] }],
  ['none', [[1, 6, 10, 10]], { groups: 3, affine: false }, {}],
])
quantities(groupNorm, [
  [
    '2 images of 3 groups',
    [[2, 6, 5, 4]],
    { groups: 3 },
    { additions: 4 * 240, multiplications: 3 * 240, divisions: 18, transcendentals: 6 },
  ],
  [
    'no scale, no shift',
    [[1, 6, 5, 4]],
    { groups: 1, affine: false },
    { additions: 360, multiplications: 240, divisions: 3, transcendentals: 1 },
  ],
])
refused(groupNorm, [['no groups', {}]])
