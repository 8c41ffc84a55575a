import { product, sum } from '../exact.ts'
import {
  type CountedLayer,
  convolutionWords,
  defineConvention,
  each,
  linearWords,
  ofEveryRank,
  type Rule,
  transposedWords,
} from './convention.ts'

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

/** Each op's own file computes its quantities; here they are described in words. */
const by = (words: string): Rule => ({ words, count })

const bias = 'plus one addition per output element where there is a bias'
const mean = by('all elements of each window it averages: one addition fewer than these, and one division')
const pairwise = by('one per output element for each input after the first')
const logistic = by('3 per element: an exp, an addition, a division')

export const full = defineConvention({
  name: 'full',
  summary: 'Every arithmetic operation: 2 per multiply-add, bias adds, and each other op by its own arithmetic.',
  remarks: 'K is the kernel’s size. A layer that moves or renames data counts nothing; neither does a change of sign.',
  source: 'Archmeter; multiply-adds counted as two operations after the Roofline model (Williams, Waterman and Patterson, CACM 2009).',
  rules: {
    ...each(ofEveryRank('Conv'), by(`2 × ${convolutionWords}, ${bias}`)),
    ...each(ofEveryRank('ConvTranspose'), by(`2 × ${transposedWords}, ${bias}`)),
    Linear: by(`2 × ${linearWords}, ${bias}`),
    BatchNorm2d: by('2 per element: a multiplication and an addition, which is what running statistics fold into'),
    LocalResponseNorm: by('size + 4 per element: the square, size − 1 additions, the factor, the summand, a pow and a division'),
    MaxPool2d: by('Kh × Kw − 1 comparisons per output element'),
    AvgPool2d: by('Kh × Kw per output element: one addition fewer than the window has elements, and one division'),
    GlobalAvgPool2d: mean,
    AdaptiveAvgPool2d: mean,
    Softmax: by('5n − 2 for each row of n elements: n − 1 comparisons, 2n − 1 additions, n exps and n divisions'),
    Add: pairwise,
    Mul: pairwise,
    ReLU: by('1 comparison per element'),
    ReLU6: by('2 comparisons per element'),
    HardSigmoid: by('4 per element: an addition, two comparisons, a division'),
    HardSwish: by('5 per element: an addition, two comparisons, a multiplication, a division'),
    Sigmoid: logistic,
    SiLU: logistic,
    Tanh: by('1 per element'),
    GELU: by(
      '5 per element: an erf, an addition, three multiplications; with `approximate: "tanh"` 9: a tanh, two additions, six multiplications',
    ),
  },
  otherwise: by(
    'its additions, multiplications, divisions, comparisons and transcendental functions (exp, erf, tanh, pow, sqrt), one each',
  ),
})
