import { convTranspose3d } from '../../../src/engine/ops/conv-transpose3d.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(convTranspose3d, [
  [
    'PyTorch’s own example: (20,16,10,50,100), kernel (3,5,2), stride (2,1,1), padding (0,4,2)',
    [[20, 16, 10, 50, 100]],
    { outChannels: 33, kernelSize: [3, 5, 2], stride: [2, 1, 1], padding: [0, 4, 2] },
    [[20, 33, 21, 46, 97]],
  ],
  ['a map', [[1, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /takes a volume C×D×H×W/],
])
parameters(convTranspose3d, [
  ['input channels first', [[1, 6, 4, 4, 4]], { outChannels: 4, kernelSize: 2, groups: 2 }, { weight: [6, 2, 2, 2, 2], bias: [4] }],
])
quantities(convTranspose3d, [
  ['2·27 inputs, each to 3 channels by 8 taps', [[1, 2, 3, 3, 3]], { outChannels: 3, kernelSize: 2 }, { macs: 1296, biasAdds: 192 }],
])
