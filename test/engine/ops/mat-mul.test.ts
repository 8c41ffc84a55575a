import { matMul } from '../../../src/engine/ops/mat-mul.ts'
import { quantities, shapes } from './table.ts'

shapes(matMul, [
  [
    'two matrices',
    [
      [5, 7],
      [7, 3],
    ],
    {},
    [[5, 3]],
  ],
  [
    'attention scores',
    [
      [2, 12, 197, 64],
      [2, 12, 64, 197],
    ],
    {},
    [[2, 12, 197, 197]],
  ],
  [
    'one matrix for all of a stack',
    [
      [2, 4, 5, 7],
      [7, 3],
    ],
    {},
    [[2, 4, 5, 3]],
  ],
  [
    'inner sizes that differ',
    [
      [5, 7],
      [8, 3],
    ],
    {},
    /7 and 8 differ/,
  ],
  ['a vector', [[5], [5, 3]], {}, /takes matrices/],
])
quantities(matMul, [
  [
    'output elements × inner size, per image of the batch',
    [
      [2, 12, 197, 64],
      [2, 12, 64, 197],
    ],
    {},
    { macs: 2 * 12 * 197 * 197 * 64 },
  ],
])
