import { product, sum } from '../exact.ts'
import { type CountedLayer, defineConvention, type Rule } from './convention.ts'

const count = ({ quantities: q }: CountedLayer): number =>
  sum(
    product(2, q.macs ?? 0),
    q.biasAdds ?? 0,
    q.additions ?? 0,
    q.multiplications ?? 0,
    q.divisions ?? 0,
    q.comparisons ?? 0,
    q.transcendentals ?? 0,
  )
const weighted: Rule = { words: '2 per multiply-add, plus one addition per output element with a bias', count }

export const full = defineConvention({
  name: 'full',
  summary: 'Every arithmetic operation: 2 per multiply-add, bias adds, and each other op by its own arithmetic.',
  remarks: 'The arithmetic of each op is stated in its documentation.',
  source: 'Archmeter; multiply-adds counted as two operations after the Roofline model (Williams, Waterman and Patterson, CACM 2009).',
  rules: { Conv1d: weighted, Conv2d: weighted, Linear: weighted },
  otherwise: {
    words: 'its additions, multiplications, divisions, comparisons and transcendental functions (exp, erf, tanh, pow, sqrt: one each)',
    count,
  },
})
