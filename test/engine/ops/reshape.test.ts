import { reshape } from '../../../src/engine/ops/reshape.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(reshape, [
  ['one size worked out', [[2, 6, 4, 5]], { shape: [3, -1, 5] }, [[2, 3, 8, 5]]],
  ['back to a map', [[2, 120]], { shape: [6, 4, 5] }, [[2, 6, 4, 5]]],
  ['elements that do not meet', [[1, 6, 4, 5]], { shape: [7, 17] }, /shape 7×17 has 119 elements, but the input 6×4×5 has 120/],
  ['no whole number for −1', [[1, 6, 4, 5]], { shape: [-1, 7] }, /shape −1×7 has a multiple of 7 elements, but the input 6×4×5 has 120/],
  ['two sizes open', [[1, 6, 4, 5]], { shape: [-1, -1] }, /at most one/],
])
quantities(reshape, [['a view', [[1, 4, 4, 4]], { shape: [-1] }, {}]])
refused(reshape, [
  ['a size of 0', { shape: [0] }],
  ['more sizes than a tensor has', { shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }],
  ['−2', { shape: [-2] }],
])
