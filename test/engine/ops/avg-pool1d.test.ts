import { avgPool1d } from '../../../src/engine/ops/avg-pool1d.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(avgPool1d, [
  ['stride defaults to the kernel', [[2, 3, 9]], { kernelSize: 2 }, [[2, 3, 4]]],
  ['ceil mode', [[1, 1, 9]], { kernelSize: 2, ceilMode: true }, [[1, 1, 5]]],
  ['padding alone', [[1, 1, 9]], { kernelSize: 2, padding: 2 }, /at most half of the window's span \(2\)/],
  ['a map', [[1, 2, 9, 9]], { kernelSize: 3 }, /takes a sequence C×L/],
])
quantities(avgPool1d, [['4 windows of 2', [[1, 1, 9]], { kernelSize: 2 }, { windowReads: 8, additions: 4, divisions: 4 }]])
refused(avgPool1d, [['a pair of one dim', { kernelSize: [2, 2] }]])
