import { maxPool2d } from '../../../src/engine/ops/max-pool2d.ts'
import { quantities, refused, shapes } from './table.ts'

// torch.nn.MaxPool2d, "Shape"; ceil mode: "sliding windows that would start in the right padded region are ignored".
shapes(maxPool2d, [
  ['lecture AlexNet pool1: 56 → 27', [[1, 64, 56, 56]], { kernelSize: 3, stride: 2 }, [[1, 64, 27, 27]]],
  ['ResNet stem: 112 → 56', [[1, 64, 112, 112]], { kernelSize: 3, stride: 2, padding: 1 }, [[1, 64, 56, 56]]],
  ['stride defaults to the kernel', [[1, 1, 9, 9]], { kernelSize: [2, 3] }, [[1, 1, 4, 3]]],
  [
    'GoogLeNet’s ceil mode: 112 → 56 where floor gives 55',
    [[1, 64, 112, 112]],
    { kernelSize: 3, stride: 2, ceilMode: true },
    [[1, 64, 56, 56]],
  ],
  ['no window starts in the tail padding', [[1, 1, 2, 2]], { kernelSize: 2, stride: 3, padding: 1, ceilMode: true }, [[1, 1, 1, 1]]],
  [
    'PyTorch’s own example: (20,16,50,32), kernel (3,2), stride (2,1)',
    [[20, 16, 50, 32]],
    { kernelSize: [3, 2], stride: [2, 1] },
    [[20, 16, 24, 31]],
  ],
  ['dilation 2 spans 5', [[1, 1, 9, 9]], { kernelSize: 3, stride: 1, dilation: 2 }, [[1, 1, 5, 5]]],
  [
    'a window in padding alone has no largest element',
    [[1, 1, 9, 9]],
    { kernelSize: 2, padding: 2 },
    /padding must be at most half of the window's span \(2\)/,
  ],
  ['dilation widens what padding may be', [[1, 1, 9, 9]], { kernelSize: 2, stride: 1, padding: 2, dilation: 3 }, [[1, 1, 10, 10]]],
  ['a vector', [[1, 9]], { kernelSize: 2 }, /feature map/],
])
quantities(maxPool2d, [
  [
    'lecture AlexNet pool1: 64·27·27 windows of 9',
    [[1, 64, 56, 56]],
    { kernelSize: 3, stride: 2 },
    { windowReads: 419_904, comparisons: 64 * 27 * 27 * 8 },
  ],
  ['a window of one compares nothing', [[1, 2, 4, 4]], { kernelSize: 1 }, { windowReads: 32 }],
])
refused(maxPool2d, [
  ['no kernel', {}],
  ['ceilMode as text', { kernelSize: 2, ceilMode: 'yes' }],
])
