import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../../../src/engine/ops/conv-transpose.ts'
import { graphOf } from '../run-graph.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

// torch.nn.ConvTranspose1d, "Shape": (L − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
shapes(convTranspose1d, [
  [
    '(10 − 1)·2 − 2 + 2·2 + 1 + 1',
    [[2, 4, 10]],
    { outChannels: 3, kernelSize: 3, stride: 2, padding: 1, dilation: 2, outputPadding: 1 },
    [[2, 3, 22]],
  ],
  ['before and after', [[2, 4, 10]], { outChannels: 3, kernelSize: [4], padding: [0, 3] }, [[2, 3, 10]]],
  ['a map', [[1, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /takes a sequence C×L/],
])
parameters(convTranspose1d, [
  ['input channels first', [[1, 6, 9]], { outChannels: 4, kernelSize: 5, groups: 2 }, { weight: [6, 2, 5], bias: [4] }],
])
quantities(convTranspose1d, [
  ['6·9 inputs, each to 2 channels by 5 taps', [[1, 6, 9]], { outChannels: 4, kernelSize: 5, groups: 2 }, { macs: 540, biasAdds: 4 * 13 }],
])
refused(convTranspose1d, [['a pair of one dim', { outChannels: 4, kernelSize: [3, 3] }]])

// torch.nn.ConvTranspose2d, "Shape": (H − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
shapes(convTranspose2d, [
  [
    'PyTorch’s own example: (20,16,50,100), kernel (3,5), stride (2,1), padding (4,2)',
    [[20, 16, 50, 100]],
    { outChannels: 33, kernelSize: [3, 5], stride: [2, 1], padding: [4, 2] },
    [[20, 33, 93, 100]],
  ],
  [
    'PyTorch’s upsampling of 6 to 12',
    [[1, 16, 6, 6]],
    { outChannels: 16, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1 },
    [[1, 16, 12, 12]],
  ],
  ['U-Net: twice the size', [[1, 1024, 28, 28]], { outChannels: 512, kernelSize: 2, stride: 2 }, [[1, 512, 56, 56]]],
  [
    'same is size times stride, whatever the kernel',
    [[1, 4, 5, 6]],
    { outChannels: 2, kernelSize: [5, 1], stride: 3, padding: 'same' },
    [[1, 2, 15, 18]],
  ],
  [
    'output padding as large as the stride',
    [[1, 4, 5, 6]],
    { outChannels: 2, kernelSize: 3, stride: 2, outputPadding: 2 },
    /outputPadding 2 must be smaller than stride 2/,
  ],
  [
    'both ways to set a size',
    [[1, 4, 5, 6]],
    { outChannels: 2, kernelSize: 3, stride: 2, padding: 'same', outputPadding: 1 },
    /leave outputPadding out/,
  ],
  [
    'padding that leaves nothing',
    [[1, 4, 1, 6]],
    { outChannels: 2, kernelSize: 3, padding: 2 },
    /cuts 4 off a result of 3, which leaves nothing/,
  ],
  ['groups', [[1, 4, 5, 6]], { outChannels: 3, kernelSize: 3, groups: 2 }, /groups 2 must divide the 3 outChannels/],
  ['a vector', [[1, 4]], { outChannels: 3, kernelSize: 3 }, /takes a feature map C×H×W, but its input is 4/],
])
parameters(convTranspose2d, [
  ['input channels first', [[1, 6, 9, 9]], { outChannels: 4, kernelSize: [5, 3], groups: 2 }, { weight: [6, 2, 5, 3], bias: [4] }],
  ['no bias', [[1, 6, 9, 9]], { outChannels: 4, kernelSize: 3, bias: false }, { weight: [6, 4, 3, 3] }],
])
// fvcore's conv_flop_count: batch × elements of the weight × positions of the input.
quantities(convTranspose2d, [
  [
    'U-Net’s first',
    [[2, 1024, 28, 28]],
    { outChannels: 512, kernelSize: 2, stride: 2 },
    { macs: 2 * 1024 * 512 * 4 * 28 * 28, biasAdds: 2 * 512 * 56 * 56 },
  ],
  ['what padding cuts off is counted', [[1, 2, 3, 3]], { outChannels: 1, kernelSize: 3, padding: 1, bias: false }, { macs: 162 }],
])
refused(convTranspose2d, [
  ['no channels', { kernelSize: 3 }],
  ['a word that is none', { outChannels: 3, kernelSize: 3, padding: 'full' }],
])

test('behind a layer that doubles a map, neighbors lie half an input element apart', () => {
  const graph = graphOf(
    [4, 8, 8],
    [
      { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
      { id: 'up', type: 'ConvTranspose2d', outChannels: 4, kernelSize: 4, stride: 2, padding: 1 },
      { id: 'after', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    ],
  )
  const fields = computeCosts(graph).layers.map((row) => [row.id, row.receptiveField, row.effectiveStride])
  // Of kernel 4 at stride 2 each output meets 2 inputs. Three outputs side by side, over a step of 2 × ½, see one input more.
  assert.deepEqual(fields, [
    ['conv', [3, 3], [1, 1]],
    ['up', [4, 4], [0.5, 0.5]],
    ['after', [5, 5], [0.5, 0.5]],
  ])
})

shapes(convTranspose3d, [
  [
    'PyTorch’s own example: (20,16,10,50,100), kernel (3,5,2), stride (2,1,1), padding (0,4,2)',
    [[20, 16, 10, 50, 100]],
    { outChannels: 33, kernelSize: [3, 5, 2], stride: [2, 1, 1], padding: [0, 4, 2] },
    [[20, 33, 21, 46, 97]],
  ],
  ['a map', [[1, 2, 9, 9]], { outChannels: 2, kernelSize: 3 }, /takes a volume C×D×H×W/],
])
parameters(convTranspose3d, [
  ['input channels first', [[1, 6, 4, 4, 4]], { outChannels: 4, kernelSize: 2, groups: 2 }, { weight: [6, 2, 2, 2, 2], bias: [4] }],
])
quantities(convTranspose3d, [
  ['2·27 inputs, each to 3 channels by 8 taps', [[1, 2, 3, 3, 3]], { outChannels: 3, kernelSize: 2 }, { macs: 1296, biasAdds: 192 }],
])
