import { product } from '../exact.ts'
import { type CountedLayer, defineConvention, type Rule } from './convention.ts'

const count = ({ quantities }: CountedLayer): number => product(2, quantities.macs ?? 0)
const weighted: Rule = { words: '2 per multiply-add, without bias', count }

export const torch = defineConvention({
  name: 'torch',
  summary: 'PyTorch’s FlopCounterMode: 2 per multiply-add of convolution and matrix products; everything else is 0.',
  remarks: 'FlopCounterMode has formulas for convolution, mm, addmm, bmm, baddbmm and attention, and for no other operator.',
  source: 'torch 2.9.1, torch.utils.flop_counter.FlopCounterMode.',
  rules: { Conv1d: weighted, Conv2d: weighted, Linear: weighted },
  otherwise: { words: '2 per multiply-add, so nothing where it has none', count },
})
