import { split } from '../../../src/engine/ops/split.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(split, [
  [
    'ShuffleNet v2: two halves of the channels',
    [[1, 116, 28, 28]],
    { chunks: 2 },
    [
      [1, 58, 28, 28],
      [1, 58, 28, 28],
    ],
  ],
  [
    'uneven sizes along rows',
    [[2, 3, 9, 4]],
    { dim: 2, sizes: [2, 7] },
    [
      [2, 3, 2, 4],
      [2, 3, 7, 4],
    ],
  ],
  ['one size is the whole', [[1, 9]], { sizes: [9] }, [[1, 9]]],
  ['chunks that do not divide', [[1, 9]], { chunks: 2 }, /chunks 2 must divide the 9 along dim 1: give sizes/],
  ['sizes that leave a rest', [[1, 9]], { sizes: [4, 4] }, /sizes add up to 8, but there are 9/],
  ['both', [[1, 9]], { sizes: [9], chunks: 1 }, /either sizes or chunks/],
  ['neither', [[1, 9]], {}, /either sizes or chunks/],
  [
    'dim 0',
    [[2, 9]],
    { dim: 0, chunks: 2 },
    [
      [1, 9],
      [1, 9],
    ],
  ],
])
quantities(split, [['moves data only', [[1, 4]], { chunks: 2 }, {}]])
refused(split, [
  ['a size of 0', { sizes: [0, 4] }],
  ['more outputs than a layer may have', { chunks: 1025 }],
])
