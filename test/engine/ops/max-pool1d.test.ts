import { maxPool1d } from '../../../src/engine/ops/max-pool1d.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(maxPool1d, [
  ['PyTorch’s own example: (20,16,50), kernel 3, stride 2', [[20, 16, 50]], { kernelSize: 3, stride: 2 }, [[20, 16, 24]]],
  ['stride defaults to the kernel', [[1, 1, 9]], { kernelSize: 2 }, [[1, 1, 4]]],
  ['ceil mode', [[1, 1, 9]], { kernelSize: 2, ceilMode: true }, [[1, 1, 5]]],
  ['padding alone', [[1, 1, 9]], { kernelSize: 2, padding: 2 }, /at most half of the window's span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a sequence C×L/],
])
quantities(maxPool1d, [['4 windows of 2', [[1, 1, 9]], { kernelSize: 2 }, { windowReads: 8, comparisons: 4 }]])
refused(maxPool1d, [['no kernel', {}]])
