import { concat } from '../../../src/engine/ops/concat.ts'
import { quantities, shapes } from './table.ts'

shapes(concat, [
  [
    'inception 3a: 64 + 128 + 32 + 32',
    [
      [1, 64, 28, 28],
      [1, 128, 28, 28],
      [1, 32, 28, 28],
      [1, 32, 28, 28],
    ],
    {},
    [[1, 256, 28, 28]],
  ],
  [
    'columns',
    [
      [1, 3, 5, 2],
      [1, 3, 5, 7],
    ],
    { dim: -1 },
    [[1, 3, 5, 9]],
  ],
  ['one input', [[1, 3, 5, 2]], {}, [[1, 3, 5, 2]]],
  [
    'maps of two sizes',
    [
      [1, 64, 28, 28],
      [1, 64, 14, 14],
    ],
    {},
    /equal in every other dim, but gets 64×28×28 and 64×14×14/,
  ],
  [
    'a map and a vector',
    [
      [1, 64, 28, 28],
      [1, 64],
    ],
    {},
    /64×28×28 and 64/,
  ],
  [
    'dim 0, where it is not the batch',
    [
      [2, 3],
      [1, 3],
    ],
    { dim: 0 },
    [[3, 3]],
  ],
])
quantities(concat, [
  [
    'moves data only',
    [
      [1, 3, 5, 7],
      [1, 3, 5, 7],
    ],
    {},
    {},
  ],
])
