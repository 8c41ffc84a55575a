import { batchNorm2d } from '../../../src/engine/ops/batch-norm2d.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

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
