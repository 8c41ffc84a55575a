import { conv1d } from '../../../src/engine/ops/conv1d.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

// torch.nn.Conv1d, "Shape": floor((L + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1.
shapes(conv1d, [
  ['PyTorch’s own example: (20,16,50), kernel 3, stride 2', [[20, 16, 50]], { outChannels: 33, kernelSize: 3, stride: 2 }, [[20, 33, 24]]],
  ['same rounds up', [[1, 2, 9]], { outChannels: 2, kernelSize: 3, stride: 2, padding: 'same' }, [[1, 2, 5]]],
  ['dilation 4 spans 9', [[1, 2, 9]], { outChannels: 2, kernelSize: 3, dilation: 4 }, [[1, 2, 1]]],
  [
    'too long a window',
    [[1, 2, 4]],
    { outChannels: 2, kernelSize: 7, padding: 1 },
    /spans 7 along the length, but the input is 4 \(6 with padding\)/,
  ],
  ['groups that do not divide', [[1, 4, 9]], { outChannels: 4, kernelSize: 3, groups: 3 }, /groups 3 must divide the 4 input channels/],
  ['a map', [[1, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /takes a sequence C×L/],
])
parameters(conv1d, [['grouped', [[1, 6, 9]], { outChannels: 4, kernelSize: 5, groups: 2 }, { weight: [4, 3, 5], bias: [4] }]])
quantities(conv1d, [
  [
    '33·24 outputs of 16·3 multiply-adds, by image',
    [[2, 16, 50]],
    { outChannels: 33, kernelSize: 3, stride: 2 },
    { macs: 76_032, biasAdds: 1584 },
  ],
])
refused(conv1d, [['a pair of one dim', { outChannels: 4, kernelSize: [3, 3] }]])
