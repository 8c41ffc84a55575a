import { gather } from '../../../src/engine/ops/gather.ts'
import { quantities, shapes } from './table.ts'

shapes(gather, [
  ['the class token', [[2, 197, 768]], { dim: 1, indices: [0], drop: true }, [[2, 768]]],
  ['some, in another order', [[2, 9]], { dim: -1, indices: [8, 0, -1] }, [[2, 3]]],
  ['outside', [[2, 9]], { dim: 1, indices: [9] }, /index 9 is out of range: there are 9/],
  ['a dim of several dropped', [[2, 9]], { dim: 1, indices: [0, 1], drop: true }, /drop takes one index/],
])
quantities(gather, [['moves data', [[2, 9]], { dim: 1, indices: [3] }, {}]])
