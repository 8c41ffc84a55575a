import { where } from '../../../src/engine/ops/where.ts'
import { quantities, shapes } from './table.ts'

shapes(where, [
  ['a mask of one image over a map', [[1, 1, 4, 4], [2, 3, 4, 4], []], {}, [[2, 3, 4, 4]]],
  [
    'sizes that do not meet',
    [
      [1, 2],
      [1, 3],
      [1, 3],
    ],
    {},
    /takes inputs of one shape/,
  ],
])
quantities(where, [
  [
    'one comparison an element',
    [
      [2, 3],
      [2, 3],
      [1, 3],
    ],
    {},
    { comparisons: 6 },
  ],
])
