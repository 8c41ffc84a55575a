import { avgPool1d, avgPool2d, avgPool3d } from '../../../src/engine/ops/avg-pool.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(avgPool1d, [
  ['stride defaults to the kernel', [[2, 3, 9]], { kernelSize: 2 }, [[2, 3, 4]]],
  ['ceil mode', [[1, 1, 9]], { kernelSize: 2, ceilMode: true }, [[1, 1, 5]]],
  ['padding alone', [[1, 1, 9]], { kernelSize: 2, padding: 2 }, /smaller than the window.s span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a sequence C×L/],
])
quantities(avgPool1d, [['4 windows of 2', [[1, 1, 9]], { kernelSize: 2 }, { windowReads: 8, additions: 4, divisions: 4 }]])
refused(avgPool1d, [['a pair of one dim', { kernelSize: [2, 2] }]])

// torch.nn.AvgPool2d, "Shape".
shapes(avgPool2d, [
  ['DenseNet transition: 56 → 28', [[1, 128, 56, 56]], { kernelSize: 2, stride: 2 }, [[1, 128, 28, 28]]],
  ['padding counts into the size', [[1, 1, 5, 5]], { kernelSize: 3, stride: 1, padding: 1 }, [[1, 1, 5, 5]]],
  ['ceil mode: (6 − 3)/2 rounds up', [[1, 1, 6, 6]], { kernelSize: 3, stride: 2, ceilMode: true }, [[1, 1, 3, 3]]],
  ['no window starts in the tail padding', [[1, 1, 2, 2]], { kernelSize: 2, stride: 3, padding: 1, ceilMode: true }, [[1, 1, 1, 1]]],
  ['a window in padding alone has no mean', [[1, 1, 9, 9]], { kernelSize: 3, padding: 3 }, /smaller than the window/],
  ['window past the input', [[1, 1, 3, 3]], { kernelSize: 4 }, /spans 4 along the height, but the input is 3/],
])
quantities(avgPool2d, [
  [
    'out × Kh × Kw reads, one fewer additions, one division',
    [[2, 3, 8, 8]],
    { kernelSize: [2, 4] },
    { windowReads: 48 * 8, additions: 48 * 7, divisions: 48 },
  ],
  [
    'padding is counted as read',
    [[1, 1, 3, 3]],
    { kernelSize: 3, stride: 1, padding: 1 },
    { windowReads: 81, additions: 72, divisions: 9 },
  ],
])

shapes(avgPool2d, [['dilated, as ONNX’s from opset 19 on', [[1, 1, 9, 9]], { kernelSize: 3, stride: 1, dilation: 2 }, [[1, 1, 5, 5]]]])

shapes(avgPool3d, [
  [
    'PyTorch’s own example: (20,16,50,44,31), kernel (3,2,2), stride (2,1,2)',
    [[20, 16, 50, 44, 31]],
    { kernelSize: [3, 2, 2], stride: [2, 1, 2] },
    [[20, 16, 24, 43, 15]],
  ],
  ['same', [[1, 1, 5, 5, 4]], { kernelSize: 2, padding: 'same' }, [[1, 1, 3, 3, 2]]],
  ['a sequence', [[1, 2, 9]], { kernelSize: 3 }, /takes a volume C×D×H×W/],
])
quantities(avgPool3d, [['8 windows of 8', [[1, 1, 4, 4, 4]], { kernelSize: 2 }, { windowReads: 64, additions: 56, divisions: 8 }]])
refused(avgPool3d, [['a kernel of 0', { kernelSize: 0 }]])
