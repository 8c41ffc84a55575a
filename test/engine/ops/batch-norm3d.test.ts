import { batchNorm3d } from '../../../src/engine/ops/batch-norm3d.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(batchNorm3d, [
  ['a volume', [[2, 64, 3, 5, 7]], { numFeatures: 64 }, [[2, 64, 3, 5, 7]]],
  ['a map', [[2, 64, 5, 7]], {}, /takes a volume C×D×H×W, but its input is 64×5×7/],
])
parameters(batchNorm3d, [['by channel', [[1, 64, 3, 5, 7]], {}, { weight: [64], bias: [64], 'running_mean*': [64], 'running_var*': [64] }]])
quantities(batchNorm3d, [['one factor and one summand an element', [[2, 3, 2, 5, 7]], {}, { multiplications: 420, additions: 420 }]])
