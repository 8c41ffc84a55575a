import { product } from '../exact.ts'
import { numelOf } from '../shape.ts'
import {
  convolutionMacs,
  defineConvention,
  each,
  firstTimesColumns,
  linearMacs,
  multiplyAddsOnly,
  ofEveryRank,
  transposedMacs,
  unseen,
} from './convention.ts'

export const fvcore = defineConvention({
  name: 'fvcore',
  summary:
    'fvcore: one per multiply-add, 2 per batch-norm element, 5 per layer-norm element, 1 per input element of adaptive average pooling.',
  remarks:
    'K is the kernel’s size. fvcore calls the figure flops; one is one multiply-add. It goes by the traced operator, so a module and a function ' +
    'count the same; the mean over a whole map (GlobalAvgPool2d) is aten::mean, which it has no rule for.',
  source: 'fvcore 0.1.5.post20221221, fvcore.nn.FlopCountAnalysis (jit_handles.py), eval mode.',
  rules: {
    ...each(ofEveryRank('Conv'), convolutionMacs),
    ...each(ofEveryRank('ConvTranspose'), transposedMacs),
    Linear: linearMacs,
    MatMul: firstTimesColumns,
    Attention: unseen('one fused operator, which it has no rule for'),
    ...each(ofEveryRank('BatchNorm'), {
      words: '2 per element, 1 without a learned scale (`affine: false` or `scale: false`)',
      count: ({ inputs, attributes: a }) => product(a.affine === false || a.scale === false ? 1 : 2, numelOf(inputs)),
    }),
    ...each(['LayerNorm', 'GroupNorm', 'InstanceNorm'], {
      words: '5 per element, 4 without a scale (`affine: false`)',
      count: ({ inputs: [x], attributes }) => product(attributes.affine === false ? 4 : 5, ...x!),
    }),
    AdaptiveAvgPool2d: { words: '1 per input element', count: ({ inputs }) => numelOf(inputs) },
    Resize: {
      words: '1 per output element by nearest, 4 by linear',
      count: ({ outputs, attributes }) => product(attributes.mode === 'linear' ? 4 : 1, numelOf(outputs)),
    },
  },
  otherwise: multiplyAddsOnly,
})
