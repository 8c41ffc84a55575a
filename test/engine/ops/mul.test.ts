import { mul } from '../../../src/engine/ops/mul.ts'
import { quantities, shapes } from './table.ts'

shapes(mul, [
  [
    'equal shapes',
    [
      [2, 64, 5, 7],
      [2, 64, 5, 7],
    ],
    {},
    [[2, 64, 5, 7]],
  ],
  [
    'a value per channel',
    [
      [2, 64, 5, 7],
      [2, 64, 1, 1],
    ],
    {},
    [[2, 64, 5, 7]],
  ],
  [
    'both sides broadcast',
    [
      [1, 64, 1, 7],
      [1, 1, 5, 7],
      [1, 1, 1, 1],
    ],
    {},
    [[1, 64, 5, 7]],
  ],
  [
    'channels that do not meet',
    [
      [1, 64, 5, 7],
      [1, 32, 5, 7],
    ],
    {},
    /Mul takes inputs of one shape .* gets 64×5×7 and 32×5×7/,
  ],
  [
    'ranks that do not meet: no silent broadcast of a vector',
    [
      [1, 64, 5, 64],
      [1, 64],
    ],
    {},
    /64×5×64 and 64/,
  ],
])
quantities(mul, [
  [
    'one an element',
    [
      [2, 3, 5, 7],
      [2, 3, 5, 7],
    ],
    {},
    { multiplications: 210 },
  ],
  [
    'two an element for three inputs',
    [
      [1, 10],
      [1, 10],
      [1, 1],
    ],
    {},
    { multiplications: 20 },
  ],
])
