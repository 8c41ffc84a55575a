import { linear } from '../../../src/engine/ops/linear.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(linear, [
  ['AlexNet fc6', [[1, 9216]], { outFeatures: 4096 }, [[1, 4096]]],
  ['batch kept', [[5, 7]], { outFeatures: 3, inFeatures: 7 }, [[5, 3]]],
  [
    'stated features that are not there',
    [[1, 7]],
    { outFeatures: 3, inFeatures: 8 },
    /inFeatures is 8, but the input has 7 features: write 7/,
  ],
  ['a map', [[1, 256, 6, 6]], { outFeatures: 3 }, /takes a vector, but its input is 256×6×6: put a Flatten/],
])
parameters(linear, [
  ['AlexNet fc6: 9216·4096 + 4096 = 37,752,832', [[1, 9216]], { outFeatures: 4096 }, { weight: [4096, 9216], bias: [4096] }],
  ['no bias', [[1, 7]], { outFeatures: 3, bias: false }, { weight: [3, 7] }],
])
quantities(linear, [['AlexNet fc6', [[1, 9216]], { outFeatures: 4096 }, { macs: 37_748_736, biasAdds: 4096 }]])
