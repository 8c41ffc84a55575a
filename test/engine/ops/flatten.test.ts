import { flatten } from '../../../src/engine/ops/flatten.ts'
import { quantities, shapes } from './table.ts'

// torch.nn.Flatten: start_dim 1, end_dim −1.
shapes(flatten, [
  ['AlexNet: 256·6·6 = 9216', [[2, 256, 6, 6]], {}, [[2, 9216]]],
  ['rows and columns only', [[2, 256, 6, 7]], { startDim: 2 }, [[2, 256, 42]]],
  ['up to the rows', [[2, 256, 6, 7]], { endDim: 2 }, [[2, 1536, 7]]],
  ['a vector stays', [[2, 9]], {}, [[2, 9]]],
  ['from dim 0 on', [[2, 9]], { startDim: 0 }, [[18]]],
  ['a dim that is not there', [[2, 9]], { startDim: 2 }, /startDim 2 is out of range/],
])
quantities(flatten, [['a view', [[1, 4, 4, 4]], {}, {}]])
