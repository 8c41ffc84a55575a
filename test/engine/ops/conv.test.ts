import { conv1d, conv2d, conv3d } from '../../../src/engine/ops/conv.ts'
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

// torch.nn.Conv2d, "Shape": floor((H + 2·padding − dilation·(kernel − 1) − 1) / stride + 1).
shapes(conv2d, [
  [
    'lecture AlexNet conv1: (227 − 11 + 4)/4 + 1 = 56',
    [[1, 3, 227, 227]],
    { outChannels: 64, kernelSize: 11, stride: 4, padding: 2 },
    [[1, 64, 56, 56]],
  ],
  [
    'torchvision AlexNet conv1: (224 − 11 + 4)/4 + 1 = 55.25',
    [[1, 3, 224, 224]],
    { outChannels: 64, kernelSize: 11, stride: 4, padding: 2 },
    [[1, 64, 55, 55]],
  ],
  ['ResNet stem, batch kept', [[8, 3, 224, 224]], { outChannels: 64, kernelSize: 7, stride: 2, padding: 3 }, [[8, 64, 112, 112]]],
  [
    'PyTorch’s own example: (20,16,50,100), kernel (3,5), stride (2,1), padding (4,2), dilation (3,1)',
    [[20, 16, 50, 100]],
    { outChannels: 33, kernelSize: [3, 5], stride: [2, 1], padding: [4, 2], dilation: [3, 1] },
    [[20, 33, 26, 100]],
  ],
  [
    'four sides: 5 + 1 + 2 rows, 5 + 0 + 3 columns',
    [[1, 1, 5, 5]],
    { outChannels: 1, kernelSize: 2, padding: [1, 0, 2, 3] },
    [[1, 1, 7, 7]],
  ],
  [
    'same is ceil(size / stride), even kernel',
    [[1, 1, 7, 8]],
    { outChannels: 1, kernelSize: 4, stride: 2, padding: 'same' },
    [[1, 1, 4, 4]],
  ],
  [
    'same with a stride past the kernel pads nothing',
    [[1, 1, 7, 7]],
    { outChannels: 1, kernelSize: 1, stride: 3, padding: 'same' },
    [[1, 1, 3, 3]],
  ],
  ['valid is no padding', [[1, 1, 7, 7]], { outChannels: 1, kernelSize: 3, padding: 'valid' }, [[1, 1, 5, 5]]],
  ['window as large as the padded input: one position', [[1, 1, 3, 3]], { outChannels: 2, kernelSize: 5, padding: 1 }, [[1, 2, 1, 1]]],
  [
    'window past the padded input',
    [[1, 1, 3, 4]],
    { outChannels: 2, kernelSize: 6, padding: 1 },
    /height.*input is 3 \(5 with padding\).*at most 5/,
  ],
  [
    'dilation counts into the span',
    [[1, 1, 8, 4]],
    { outChannels: 2, kernelSize: 3, dilation: 2 },
    /spans 5 along the width, but the input is 4/,
  ],
  [
    'stated input channels that are not there',
    [[1, 3, 8, 8]],
    { outChannels: 2, inChannels: 4, kernelSize: 1 },
    /inChannels is 4, but the input has 3 channels: write 3/,
  ],
  [
    'groups that do not divide the input',
    [[1, 3, 8, 8]],
    { outChannels: 4, kernelSize: 1, groups: 2 },
    /groups 2 must divide the 3 input channels/,
  ],
  [
    'groups that do not divide the output',
    [[1, 4, 8, 8]],
    { outChannels: 3, kernelSize: 1, groups: 2 },
    /groups 2 must divide the 3 outChannels/,
  ],
  ['a vector', [[1, 9]], { outChannels: 2, kernelSize: 1 }, /feature map C×H×W, but its input is 9/],
])

parameters(conv2d, [
  [
    'lecture AlexNet conv1: 64·3·11·11 + 64 = 23,296',
    [[1, 3, 227, 227]],
    { outChannels: 64, kernelSize: 11 },
    { weight: [64, 3, 11, 11], bias: [64] },
  ],
  [
    'groups see their own channels only',
    [[1, 8, 9, 9]],
    { outChannels: 12, kernelSize: [1, 3], groups: 4, bias: false },
    { weight: [12, 2, 1, 3] },
  ],
])

quantities(conv2d, [
  [
    'lecture AlexNet conv1',
    [[1, 3, 227, 227]],
    { outChannels: 64, kernelSize: 11, stride: 4, padding: 2 },
    { macs: 72_855_552, biasAdds: 200_704 },
  ],
  [
    'twice for two images',
    [[2, 3, 227, 227]],
    { outChannels: 64, kernelSize: 11, stride: 4, padding: 2, bias: false },
    { macs: 2 * 72_855_552 },
  ],
  [
    'depthwise: one channel an output',
    [[1, 32, 10, 10]],
    { outChannels: 32, kernelSize: 3, padding: 1, groups: 32, bias: false },
    { macs: 32 * 100 * 9 },
  ],
])

refused(conv2d, [
  ['no filters', { outChannels: 0, kernelSize: 3 }],
  ['kernelSize missing', { outChannels: 1 }],
  ['a kernel of 0', { outChannels: 1, kernelSize: 0 }],
  ['a fraction', { outChannels: 1, kernelSize: 1.5 }],
  ['three sides', { outChannels: 1, kernelSize: 1, padding: [1, 1, 1] }],
  ['negative padding', { outChannels: 1, kernelSize: 1, padding: -1 }],
  ['a number as text', { outChannels: '1', kernelSize: 1 }],
])

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
