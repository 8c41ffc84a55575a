import { product } from '../exact.ts'
import {
  type CountedLayer,
  convolutionWords,
  defineConvention,
  each,
  linearWords,
  ofEveryRank,
  type Rule,
  transposedWords,
  unseen,
} from './convention.ts'

const count = ({ quantities }: CountedLayer): number => product(2, quantities.macs ?? 0)
const convolution: Rule = { words: `2 × ${convolutionWords}, without bias`, count }
const transposed: Rule = { words: `2 × ${transposedWords}, without bias`, count }
const linear: Rule = { words: `2 × ${linearWords}, without bias`, count }

export const torch = defineConvention({
  name: 'torch',
  summary: 'PyTorch’s FlopCounterMode: 2 per multiply-add of convolution and matrix products; everything else is 0.',
  remarks:
    'FlopCounterMode has formulas for convolution, mm, addmm, bmm, baddbmm and attention, and for no other operator. Figures are those of a run on the CPU, whose attention is an operator of its own. ' +
    'K is the kernel’s size.',
  source: 'torch 2.9.1, torch.utils.flop_counter.FlopCounterMode.',
  rules: {
    ...each(ofEveryRank('Conv'), convolution),
    ...each(ofEveryRank('ConvTranspose'), transposed),
    Linear: linear,
    Attention: unseen('on the CPU one fused operator without a formula'),
  },
  otherwise: { words: '2 per multiply-add, so nothing where it has none', count },
})
