import { layerNorm } from '../../../src/engine/ops/layer-norm.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(layerNorm, [
  ['tokens', [[2, 197, 768]], {}, [[2, 197, 768]]],
  ['more dims than an image has', [[2, 8]], { dims: 2 }, /dims 2 are more than the 1/],
])
parameters(layerNorm, [
  ['one of each per feature', [[1, 197, 768]], {}, { weight: [768], bias: [768] }],
  ['over three dims', [[1, 3, 4, 5]], { dims: 3 }, { weight: [3, 4, 5], bias: [3, 4, 5] }],
  ['no shift', [[1, 8]], { bias: false }, { weight: [8] }],
  ['neither', [[1, 8]], { affine: false }, {}],
])
quantities(layerNorm, [
  ['2 × 3 rows of 5', [[2, 3, 5]], {}, { additions: 4 * 30, multiplications: 3 * 30, divisions: 3 * 6, transcendentals: 6 }],
])
