import { depthToSpace } from '../../../src/engine/ops/depth-to-space.ts'
import { quantities, shapes } from './table.ts'

shapes(depthToSpace, [
  ['four channels become 2×2', [[1, 12, 5, 6]], { blockSize: 2 }, [[1, 3, 10, 12]]],
  ['channels that do not divide', [[1, 6, 5, 6]], { blockSize: 2 }, /blockSize² of 4 must divide the 6 channels/],
])
quantities(depthToSpace, [['moves data', [[1, 4, 2, 2]], { blockSize: 2 }, {}]])
