import { exact, product } from '../exact.ts'
import { numel, numelOf } from '../shape.ts'
import {
  type CountedLayer,
  convolutionMacs,
  convolutionWords,
  defineConvention,
  each,
  linearMacs,
  multiplyAddsOnly,
  ofEveryRank,
  unseen,
} from './convention.ts'

const normalized = ({ inputs: [x], attributes }: CountedLayer): number => product(attributes.affine === false ? 2 : 4, ...x!)

export const thop = defineConvention({
  name: 'thop',
  summary: 'thop: one per multiply-add, 4 per batch-norm element, average pooling and softmax; activations and max pooling 0.',
  remarks:
    'K is the kernel’s size. thop hooks modules: what a network computes by a function (torch.nn.functional, a mean, an addition) it does not see. A layer with ' +
    '`functional: true` is such a call; densenet* and mobilenet_v2 pool that way, and GlobalAvgPool2d stands for a mean.',
  source: 'thop 0.1.1.post2209072238, thop.profile (vision/basic_hooks.py, vision/calc_func.py).',
  rules: {
    ...each(ofEveryRank('Conv'), convolutionMacs),
    ...each(ofEveryRank('ConvTranspose'), {
      words: `${convolutionWords}, without bias, as if it were a convolution`,
      count: ({ inputs: [x], outputs, attributes }) =>
        product(numelOf(outputs), x![1]! / ((attributes.groups as number) ?? 1), ...(attributes.kernelSize as number[])),
    }),
    Linear: linearMacs,
    ...each(['MatMul', 'Attention'], unseen('functions, not modules')),
    ...each([...ofEveryRank('BatchNorm'), 'InstanceNorm'], {
      words: '4 per element, 2 without scale and shift (`affine: false`)',
      count: normalized,
    }),
    LayerNorm: {
      words:
        '4 per element, 2 without scale and shift (`affine: false`); nothing where it is no module of that very class (`functional: true`)',
      count: (layer) => (layer.attributes.functional === true ? 0 : normalized(layer)),
    },
    PReLU: { words: '1 per element', count: ({ outputs }) => numelOf(outputs) },
    ...each(ofEveryRank('AvgPool'), {
      words: '1 per output element; nothing where it is a function (`functional: true`)',
      count: ({ outputs, attributes }) => (attributes.functional === true ? 0 : numelOf(outputs)),
    }),
    AdaptiveAvgPool2d: {
      words:
        'output elements × (input height / output height × input width / output width + 1), cut to an integer; nothing where it is a function (`functional: true`)',
      count: ({ inputs: [x], outputs: [y], attributes }) =>
        // In doubles and in this order, as the tool computes it.
        attributes.functional === true ? 0 : exact(Math.trunc(((x![2]! / y![2]!) * (x![3]! / y![3]!) + 1) * numel(y!))),
    },
    Softmax: {
      words: '3 × features − 1 for each row it normalizes',
      count: ({ inputs: [x], attributes }) => {
        const elements = numel(x!)
        return exact(3 * elements - elements / x!.at(attributes.dim as number)!)
      },
    },
  },
  otherwise: multiplyAddsOnly,
})
