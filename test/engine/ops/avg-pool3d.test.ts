import { avgPool3d } from '../../../src/engine/ops/avg-pool3d.ts'
import { quantities, refused, shapes } from './table.ts'

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
