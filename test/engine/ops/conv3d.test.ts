import { conv3d } from '../../../src/engine/ops/conv3d.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

shapes(conv3d, [
  [
    'PyTorch’s own example: (20,16,10,50,100), kernel (3,5,2), stride (2,1,1), padding (4,2,0)',
    [[20, 16, 10, 50, 100]],
    { outChannels: 33, kernelSize: [3, 5, 2], stride: [2, 1, 1], padding: [4, 2, 0] },
    [[20, 33, 8, 50, 99]],
  ],
  [
    'PyTorch’s other example: kernel 3, stride 2',
    [[20, 16, 10, 50, 100]],
    { outChannels: 33, kernelSize: 3, stride: 2 },
    [[20, 33, 4, 24, 49]],
  ],
  [
    'six pads: front, top, left, back, bottom, right',
    [[1, 1, 4, 4, 4]],
    { outChannels: 1, kernelSize: 1, padding: [1, 2, 3, 0, 0, 1] },
    [[1, 1, 5, 6, 8]],
  ],
  ['same rounds up', [[1, 2, 5, 6, 7]], { outChannels: 2, kernelSize: 3, stride: 2, padding: 'same' }, [[1, 2, 3, 3, 4]]],
  ['too deep a window', [[1, 2, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /spans 3 along the depth, but the input is 2/],
  [
    'groups that do not divide',
    [[1, 4, 9, 9, 9]],
    { outChannels: 4, kernelSize: 3, groups: 3 },
    /groups 3 must divide the 4 input channels/,
  ],
  ['a map', [[1, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /takes a volume C×D×H×W, but its input is 2×9×9/],
])
parameters(conv3d, [
  // C3D (Tran et al., 2015) begins with 64 kernels of 3×3×3 over 3 channels.
  ['C3D conv1a', [[1, 3, 16, 112, 112]], { outChannels: 64, kernelSize: 3, padding: 1 }, { weight: [64, 3, 3, 3, 3], bias: [64] }],
  ['grouped, no bias', [[1, 6, 9, 9, 9]], { outChannels: 4, kernelSize: [1, 2, 3], groups: 2, bias: false }, { weight: [4, 3, 1, 2, 3] }],
])
quantities(conv3d, [
  [
    '2 images of 3·4·5 outputs a filter, each 2·8 multiply-adds',
    [[2, 2, 4, 5, 6]],
    { outChannels: 3, kernelSize: 2 },
    { macs: 2 * 3 * 60 * 16, biasAdds: 360 },
  ],
])
refused(conv3d, [
  ['a pair', { outChannels: 4, kernelSize: [3, 3] }],
  ['four pads', { outChannels: 4, kernelSize: 3, padding: [1, 1, 1, 1] }],
])
