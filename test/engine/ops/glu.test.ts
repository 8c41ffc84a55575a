import { glu } from '../../../src/engine/ops/glu.ts'
import { quantities, shapes } from './table.ts'

shapes(glu, [
  ['the last dim, as PyTorch’s', [[2, 5, 8]], {}, [[2, 5, 4]]],
  ['channels', [[2, 8, 5, 7]], { dim: 1 }, [[2, 4, 5, 7]]],
  ['an odd dim', [[2, 7]], {}, /dim -1 has 7 elements, which cannot be halved/],
])
quantities(glu, [
  ['a sigmoid and a product an output', [[2, 8]], {}, { transcendentals: 8, additions: 8, divisions: 8, multiplications: 8 }],
])
