import { product } from '../exact.ts'
import { numelOf } from '../shape.ts'
import { convolutionMacs, defineConvention, linearMacs, multiplyAddsOnly } from './convention.ts'

export const fvcore = defineConvention({
  name: 'fvcore',
  summary: 'fvcore: one per multiply-add, 2 per batch-norm element, 1 per input element of adaptive average pooling.',
  remarks:
    'fvcore calls the figure flops; one is one multiply-add. It goes by the traced operator, so a module and a function count the same; ' +
    'the mean over a whole map (GlobalAvgPool2d) is aten::mean, which it has no rule for.',
  source: 'fvcore 0.1.5.post20221221, fvcore.nn.FlopCountAnalysis (jit_handles.py), eval mode.',
  rules: {
    Conv1d: convolutionMacs,
    Conv2d: convolutionMacs,
    Linear: linearMacs,
    BatchNorm2d: {
      words: '2 per element, 1 without scale and shift',
      count: ({ inputs, attributes }) => product(attributes.affine === false ? 1 : 2, numelOf(inputs)),
    },
    AdaptiveAvgPool2d: { words: '1 per input element', count: ({ inputs }) => numelOf(inputs) },
  },
  otherwise: multiplyAddsOnly,
})
