import { tile } from '../../../src/engine/ops/tile.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(tile, [
  ['rows and columns of a map', [[2, 3, 4, 5]], { repeats: [2, 3] }, [[2, 3, 8, 15]]],
  ['all dims', [[2, 3]], { repeats: [1, 4] }, [[2, 12]]],
  ['more than there are', [[2, 3]], { repeats: [1, 1, 1] }, /repeats has 3 numbers, but 3 with the batch before it has 2 dims/],
])
quantities(tile, [['moves data', [[1, 4]], { repeats: [2] }, {}]])
refused(tile, [
  ['none', { repeats: [] }],
  ['never', { repeats: [0] }],
])
