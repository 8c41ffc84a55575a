import { product, sum } from '../exact.ts'
import { numelOf } from '../shape.ts'
import { type CountedLayer, defineConvention, multiplyAddsOnly, type Rule } from './convention.ts'

/** A module's own hook and the function it calls are both counted, so a module counts twice. */
const twiceAsModule: Rule = {
  words: '2 per input element, 1 for a function',
  count: ({ inputs, attributes }) => product(attributes.functional === true ? 1 : 2, numelOf(inputs)),
}

const once: Rule = { words: '1 per element', count: ({ inputs }) => numelOf(inputs) }

const weighted: Rule = {
  words: 'multiply-adds, plus one per output element with a bias',
  count: ({ quantities: q }: CountedLayer) => sum(q.macs ?? 0, q.biasAdds ?? 0),
}

export const ptflops = defineConvention({
  name: 'ptflops',
  summary: 'ptflops, PyTorch back end: multiply-adds with bias, 2 per element of batch norm, and ReLU and pooling twice over.',
  remarks:
    'The back end hooks modules and patches torch.nn.functional as well, so the module ReLU (which calls the function) counts twice, and ' +
    'a layer with `functional: true`, a call without a module, once. ReLU6 calls hardtanh, which is not patched, so its hook alone counts; Softmax and ' +
    'SiLU have no hook, so their function alone does. Additions and products ' +
    'written as operators, and the mean that GlobalAvgPool2d stands for, are not seen. The tool measures one image; a batch counts that many times as much.',
  source: 'ptflops 0.7.5, get_model_complexity_info with backend "pytorch" (pytorch_ops.py, pytorch_engine.py).',
  rules: {
    Conv1d: weighted,
    Conv2d: weighted,
    Linear: weighted,
    BatchNorm2d: {
      words: '2 per element, 1 without scale and shift',
      count: ({ inputs, attributes }) => product(attributes.affine === false ? 1 : 2, numelOf(inputs)),
    },
    ReLU: twiceAsModule,
    GELU: twiceAsModule,
    MaxPool1d: twiceAsModule,
    MaxPool2d: twiceAsModule,
    AvgPool2d: twiceAsModule,
    AdaptiveAvgPool2d: twiceAsModule,
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
