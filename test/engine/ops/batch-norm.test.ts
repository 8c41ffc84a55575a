import { batchNorm1d, batchNorm2d, batchNorm3d } from '../../../src/engine/ops/batch-norm.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

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

shapes(batchNorm2d, [
  ['shape kept', [[2, 64, 5, 7]], { numFeatures: 64 }, [[2, 64, 5, 7]]],
  [
    'stated features that are not there',
    [[2, 64, 5, 7]],
    { numFeatures: 32 },
    /numFeatures is 32, but the input has 64 channels: write 64/,
  ],
  ['a vector', [[2, 64]], {}, /feature map/],
])
parameters(batchNorm2d, [
  [
    '2 a channel are learned, 2 are running statistics',
    [[1, 64, 5, 7]],
    {},
    { weight: [64], bias: [64], 'running_mean*': [64], 'running_var*': [64] },
  ],
  ['a shift alone', [[1, 64, 5, 7]], { scale: false }, { bias: [64], 'running_mean*': [64], 'running_var*': [64] }],
  ['a scale alone', [[1, 64, 5, 7]], { affine: false, scale: true }, { weight: [64], 'running_mean*': [64], 'running_var*': [64] }],
  ['without affine nothing is learned', [[1, 64, 5, 7]], { affine: false }, { 'running_mean*': [64], 'running_var*': [64] }],
])
// fvcore's batchnorm_flop_jit: 2 per element in eval mode.
quantities(batchNorm2d, [['one factor and one summand an element', [[2, 3, 5, 7]], {}, { multiplications: 210, additions: 210 }]])
refused(batchNorm2d, [
  ['eps 0 divides by zero on a constant channel', { eps: 0 }],
  ['negative eps', { eps: -1 }],
])

shapes(batchNorm3d, [
  ['a volume', [[2, 64, 3, 5, 7]], { numFeatures: 64 }, [[2, 64, 3, 5, 7]]],
  ['a map', [[2, 64, 5, 7]], {}, /takes a volume C×D×H×W, but its input is 64×5×7/],
])
parameters(batchNorm3d, [['by channel', [[1, 64, 3, 5, 7]], {}, { weight: [64], bias: [64], 'running_mean*': [64], 'running_var*': [64] }]])
quantities(batchNorm3d, [['one factor and one summand an element', [[2, 3, 2, 5, 7]], {}, { multiplications: 420, additions: 420 }]])
