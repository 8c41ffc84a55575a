import { max } from '../../../src/engine/ops/max.ts'
import { quantities, shapes } from './table.ts'

shapes(max, [
  [
    'equal shapes',
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    {},
    [[2, 3, 4]],
  ],
  [
    'lined up from the last dim, as NumPy does',
    [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
    {},
    [[2, 3, 4, 5]],
  ],
  ['a scalar on the left', [[], [2, 7]], {}, [[2, 7]]],
  [
    'sizes that do not meet',
    [
      [2, 3],
      [2, 4],
    ],
    {},
    /one shape/,
  ],
])
quantities(max, [['once per output element, broadcast ones as well', [[2, 3, 4], [4]], {}, { comparisons: 24 }]])
