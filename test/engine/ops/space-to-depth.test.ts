import { spaceToDepth } from '../../../src/engine/ops/space-to-depth.ts'
import { quantities, shapes } from './table.ts'

shapes(spaceToDepth, [
  ['2×2 becomes four channels', [[1, 3, 10, 12]], { blockSize: 2 }, [[1, 12, 5, 6]]],
  ['rows that do not divide', [[1, 3, 9, 12]], { blockSize: 2 }, /blockSize 2 must divide the 9×12 rows and columns/],
  ['a vector', [[1, 3]], { blockSize: 2 }, /feature map/],
])
quantities(spaceToDepth, [['moves data', [[1, 4, 2, 2]], { blockSize: 2 }, {}]])
