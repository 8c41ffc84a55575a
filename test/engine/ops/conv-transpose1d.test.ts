import { convTranspose1d } from '../../../src/engine/ops/conv-transpose1d.ts'
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
