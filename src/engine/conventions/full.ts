import { product, sum } from '../exact.ts'
import type { Convention } from './convention.ts'

export const full: Convention = {
  name: 'full',
  summary: 'Every arithmetic operation: 2 per multiply-add, bias adds, and each other op by its own arithmetic.',
  definition:
    'Convolution, linear and matmul: 2 × multiply-adds, plus one addition per output element with a bias. Every other op by the additions, ' +
    'multiplications, divisions, comparisons and transcendental functions (exp, erf, tanh, pow, sqrt: one each) that its documentation states.',
  source: 'Archmeter; multiply-adds counted as two operations after the Roofline model (Williams, Waterman and Patterson, CACM 2009).',
  flops: (q) =>
    sum(
      product(2, q.macs ?? 0),
      q.biasAdds ?? 0,
      q.additions ?? 0,
      q.multiplications ?? 0,
      q.divisions ?? 0,
      q.comparisons ?? 0,
      q.transcendentals ?? 0,
    ),
}
