import { exact, product } from '../exact.ts'
import { numel, numelOf } from '../shape.ts'
import { convolutionMacs, defineConvention, linearMacs, multiplyAddsOnly } from './convention.ts'

export const thop = defineConvention({
  name: 'thop',
  summary: 'thop: one per multiply-add, 4 per batch-norm element, average pooling and softmax; activations and max pooling 0.',
  remarks:
    'thop hooks modules: what a network computes by a function (torch.nn.functional, a mean, an addition) it does not see. A layer with ' +
    '`functional: true` is such a call; densenet* and mobilenet_v2 pool that way, and GlobalAvgPool2d stands for a mean.',
  source: 'thop 0.1.1.post2209072238, thop.profile (vision/basic_hooks.py, vision/calc_func.py).',
  rules: {
    Conv1d: convolutionMacs,
    Conv2d: convolutionMacs,
    Linear: linearMacs,
    BatchNorm2d: {
      words: '4 per element, 2 without scale and shift',
      count: ({ inputs, attributes }) => product(attributes.affine === false ? 2 : 4, numelOf(inputs)),
    },
    AvgPool2d: {
      words: '1 per output element, and nothing for a function',
      count: ({ outputs, attributes }) => (attributes.functional === true ? 0 : numelOf(outputs)),
    },
    AdaptiveAvgPool2d: {
      words:
        'output elements × (input height / output height × input width / output width + 1), cut to an integer, and nothing for a function',
      count: ({ inputs: [x], outputs: [y], attributes }) =>
        // In doubles and in this order, as the tool computes it.
        attributes.functional === true ? 0 : exact(Math.trunc(((x![2]! / y![2]!) * (x![3]! / y![3]!) + 1) * numel(y!))),
    },
    Softmax: {
      words: '3 × features − 1 for each row it normalises',
      count: ({ inputs: [x], attributes }) => {
        const elements = numel(x!)
        return exact(3 * elements - elements / x!.at(attributes.dim as number)!)
      },
    },
  },
  otherwise: multiplyAddsOnly,
})
