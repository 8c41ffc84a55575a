import { product, sum } from '../exact.ts'
import { numelOf } from '../shape.ts'
import {
  type CountedLayer,
  convolutionWords,
  defineConvention,
  each,
  firstTimesColumns,
  linearWords,
  multiplyAddsOnly,
  ofEveryRank,
  type Rule,
  transposedWords,
  unseen,
} from './convention.ts'

/** A module's own hook and the function it calls are both counted, so a module counts twice. */
const twiceAsModule: Rule = {
  words: '2 per input element, 1 where it is a function (`functional: true`)',
  count: ({ inputs, attributes }) => product(attributes.functional === true ? 1 : 2, numelOf(inputs)),
}

const once: Rule = { words: '1 per input element', count: ({ inputs }) => numelOf(inputs) }

const withBias = ({ quantities: q }: CountedLayer): number => sum(q.macs ?? 0, q.biasAdds ?? 0)
const bias = 'plus one per output element where there is a bias'

export const ptflops = defineConvention({
  name: 'ptflops',
  summary: 'ptflops, PyTorch back end: multiply-adds with bias, 2 per element of batch norm, and ReLU and pooling twice over.',
  remarks:
    'K is the kernel’s size. The back end hooks modules and patches torch.nn.functional as well, so the module ReLU (which calls the function) counts twice, and ' +
    'a layer with `functional: true`, a call without a module, once. ReLU6 calls hardtanh, which is not patched, so its hook alone counts; Softmax and ' +
    'SiLU have no hook, so their function alone does. Additions and products ' +
    'written as operators, and the mean that GlobalAvgPool2d stands for, are not seen. A batch counts all its images. The tool does so where it ' +
    'gets its input by name; given a tensor of several images it divides what its hooks count by their number, and not what its patched ' +
    'functions count.',
  source: 'ptflops 0.7.5, get_model_complexity_info with backend "pytorch" (pytorch_ops.py, pytorch_engine.py).',
  rules: {
    ...each(ofEveryRank('Conv'), { words: `${convolutionWords}, ${bias}`, count: withBias }),
    ...each(ofEveryRank('ConvTranspose'), { words: `${transposedWords}, ${bias}`, count: withBias }),
    Linear: { words: `${linearWords}, ${bias}`, count: withBias },
    MatMul: firstTimesColumns,
    Attention: unseen('a function that is not patched'),
    ...each([...ofEveryRank('BatchNorm'), 'GroupNorm', 'InstanceNorm'], {
      words: '2 per element, 1 without scale and shift (`affine: false`)',
      count: ({ inputs: [x], attributes }) => product(attributes.affine === false ? 1 : 2, ...x!),
    }),
    LayerNorm: {
      words: '1 per element; nothing where it is no module of that very class (`functional: true`)',
      count: ({ inputs: [x], attributes }) => (attributes.functional === true ? 0 : product(...x!)),
    },
    ...each(['ReLU', 'PReLU', 'ELU', 'GELU', ...ofEveryRank('MaxPool'), ...ofEveryRank('AvgPool'), 'AdaptiveAvgPool2d'], twiceAsModule),
    Resize: { words: '1 per output element, as a function', count: ({ outputs }) => numelOf(outputs) },
    LeakyReLU: once,
    ReLU6: once,
    Softmax: once,
    SiLU: once,
    LocalResponseNorm: {
      words: '3 per element (the square, alpha and k), and the padded map that its average pooling reads',
      count: ({ inputs: [x], attributes }) => {
        const [batch, channels, ...size] = x as [number, number, ...number[]]
        return product(batch, sum(3 * channels, channels + (attributes.size as number) - 1), ...size)
      },
    },
  },
  otherwise: multiplyAddsOnly,
})
