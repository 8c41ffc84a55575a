import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avgPool2d } from '../../../src/engine/ops/avg-pool2d.ts'
import { quantities, shapes } from './table.ts'

// torch.nn.AvgPool2d, "Shape".
shapes(avgPool2d, [
  ['DenseNet transition: 56 → 28', [[1, 128, 56, 56]], { kernelSize: 2, stride: 2 }, [[1, 128, 28, 28]]],
  ['padding counts into the size', [[1, 1, 5, 5]], { kernelSize: 3, stride: 1, padding: 1 }, [[1, 1, 5, 5]]],
  ['ceil mode: (6 − 3)/2 rounds up', [[1, 1, 6, 6]], { kernelSize: 3, stride: 2, ceilMode: true }, [[1, 1, 3, 3]]],
  ['no window starts in the tail padding', [[1, 1, 2, 2]], { kernelSize: 2, stride: 3, padding: 1, ceilMode: true }, [[1, 1, 1, 1]]],
  ['a window in padding alone has no mean', [[1, 1, 9, 9]], { kernelSize: 3, padding: 2 }, /at most half/],
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

test('AvgPool2d has no dilation, as PyTorch’s has none', () => {
  assert.deepEqual(Object.keys(avgPool2d.attributes.properties).sort(), [
    'ceilMode',
    'countIncludePad',
    'functional',
    'kernelSize',
    'padding',
    'stride',
  ])
})
