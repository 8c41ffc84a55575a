import { expand } from '../../../src/engine/ops/expand.ts'
import { quantities, shapes } from './table.ts'

shapes(expand, [
  [
    'a class token for each image',
    [
      [1, 1, 768],
      [8, 196, 768],
    ],
    {},
    [[8, 1, 768]],
  ],
  [
    'several dims',
    [
      [1, 1, 5],
      [2, 3, 5],
    ],
    { dims: [0, 1] },
    [[2, 3, 5]],
  ],
  [
    'a size other than 1',
    [
      [3, 5],
      [8, 5],
    ],
    {},
    /size 3 and cannot be repeated to 8/,
  ],
])
quantities(expand, [
  [
    'moves data',
    [
      [1, 4],
      [2, 4],
    ],
    {},
    {},
  ],
])
