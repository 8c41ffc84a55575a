import { product } from '../exact.ts'
import { defineConvention, each, ofEveryRank, unseen } from './convention.ts'

export const torchinfo = defineConvention({
  name: 'torchinfo',
  summary: 'torchinfo: parameters, bias included, once per output position of a convolution and once per image elsewhere.',
  remarks:
    'So a convolution’s bias counts one per output element, batch normalization counts its scale and shift as if it were applied once, and ' +
    'a linear layer over tokens counts one token.',
  source: 'torchinfo 1.8.0, LayerInfo.calculate_macs; its total_mult_adds.',
  rules: {
    ...each([...ofEveryRank('Conv'), ...ofEveryRank('ConvTranspose')], {
      words: 'its parameters, bias included, × output positions (height × width) × images',
      count: ({ params, outputs: [out] }) => product(params, out![0]!, ...out!.slice(2)),
    }),
    Parameter: unseen('only modules without modules inside are counted, and it belongs to none'),
  },
  otherwise: {
    words: 'its parameters, bias included, × images, so nothing where it has none',
    count: ({ params, outputs: [out] }) => product(params, out![0]!),
  },
})
