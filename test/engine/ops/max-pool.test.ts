import { maxPool1d, maxPool2d, maxPool3d } from '../../../src/engine/ops/max-pool.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(maxPool1d, [
  ['PyTorch’s own example: (20,16,50), kernel 3, stride 2', [[20, 16, 50]], { kernelSize: 3, stride: 2 }, [[20, 16, 24]]],
  ['stride defaults to the kernel', [[1, 1, 9]], { kernelSize: 2 }, [[1, 1, 4]]],
  ['ceil mode', [[1, 1, 9]], { kernelSize: 2, ceilMode: true }, [[1, 1, 5]]],
  ['padding alone', [[1, 1, 9]], { kernelSize: 2, padding: 2 }, /smaller than the window.s span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a sequence C×L/],
])
quantities(maxPool1d, [['4 windows of 2', [[1, 1, 9]], { kernelSize: 2 }, { windowReads: 8, comparisons: 4 }]])
refused(maxPool1d, [['no kernel', {}]])

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
    /padding must be smaller than the window.s span \(2\)/,
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

shapes(maxPool3d, [
  [
    'PyTorch’s own example: (20,16,50,44,31), kernel (3,2,2), stride (2,1,2)',
    [[20, 16, 50, 44, 31]],
    { kernelSize: [3, 2, 2], stride: [2, 1, 2] },
    [[20, 16, 24, 43, 15]],
  ],
  ['PyTorch’s other example: kernel 3, stride 2', [[20, 16, 50, 44, 31]], { kernelSize: 3, stride: 2 }, [[20, 16, 24, 21, 15]]],
  ['ceil mode', [[1, 1, 5, 5, 4]], { kernelSize: 2, ceilMode: true }, [[1, 1, 3, 3, 2]]],
  ['dilation 2 spans 5', [[1, 1, 5, 5, 5]], { kernelSize: 3, dilation: 2, stride: 1 }, [[1, 1, 1, 1, 1]]],
  ['padding alone', [[1, 1, 9, 9, 9]], { kernelSize: 2, padding: 2 }, /smaller than the window.s span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a volume C×D×H×W/],
])
quantities(maxPool3d, [['8 windows of 8', [[1, 1, 4, 4, 4]], { kernelSize: 2 }, { windowReads: 64, comparisons: 56 }]])
refused(maxPool3d, [['no kernel', {}]])
