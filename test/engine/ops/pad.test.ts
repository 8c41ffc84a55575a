import { pad } from '../../../src/engine/ops/pad.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(pad, [
  ['top, left, bottom, right', [[2, 3, 10, 20]], { padding: [1, 2, 3, 4] }, [[2, 3, 14, 26]]],
  ['height and width', [[1, 3, 10, 20]], { padding: [1, 2] }, [[1, 3, 12, 24]]],
  ['one number', [[1, 3, 10, 20]], { padding: 3, value: 7 }, [[1, 3, 16, 26]]],
  ['a vector', [[1, 10]], { padding: 1 }, /feature map/],
])
quantities(pad, [['moves data only', [[1, 3, 4, 4]], { padding: 1 }, {}]])
refused(pad, [
  ['no padding', {}],
  ['cropping', { padding: -1 }],
  ['a word', { padding: 'same' }],
])
