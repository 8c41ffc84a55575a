import { maxPool3d } from '../../../src/engine/ops/max-pool3d.ts'
import { quantities, refused, shapes } from './table.ts'

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
  ['padding alone', [[1, 1, 9, 9, 9]], { kernelSize: 2, padding: 2 }, /at most half of the window's span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a volume C×D×H×W/],
])
quantities(maxPool3d, [['8 windows of 8', [[1, 1, 4, 4, 4]], { kernelSize: 2 }, { windowReads: 64, comparisons: 56 }]])
refused(maxPool3d, [['no kernel', {}]])
