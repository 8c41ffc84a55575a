import { batchNorm1d } from '../../../src/engine/ops/batch-norm1d.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(batchNorm1d, [
  ['a vector', [[2, 64]], { numFeatures: 64 }, [[2, 64]]],
  ['a sequence', [[2, 64, 5]], {}, [[2, 64, 5]]],
  ['other features than stated', [[2, 64, 5]], { numFeatures: 5 }, /numFeatures is 5, but the input has 64 channels/],
  ['a map', [[2, 64, 5, 7]], {}, /takes a vector or a sequence C×L, but its input is 64×5×7/],
])
parameters(batchNorm1d, [
  ['by channel', [[1, 64, 5]], {}, { weight: [64], bias: [64], 'running_mean*': [64], 'running_var*': [64] }],
  ['nothing learned', [[1, 64]], { affine: false }, { 'running_mean*': [64], 'running_var*': [64] }],
])
quantities(batchNorm1d, [['one factor and one summand an element', [[2, 3, 5]], {}, { multiplications: 30, additions: 30 }]])
