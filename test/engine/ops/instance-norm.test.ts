import { instanceNorm } from '../../../src/engine/ops/instance-norm.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(instanceNorm, [
  ['a map', [[2, 6, 10, 10]], {}, [[2, 6, 10, 10]]],
  ['a volume', [[2, 6, 3, 10, 10]], {}, [[2, 6, 3, 10, 10]]],
  ['a vector has one position', [[2, 6]], {}, /takes a sequence, a map or a volume, but its input is 6/],
])
parameters(instanceNorm, [
  ['nothing learned, as PyTorch’s', [[1, 6, 10]], {}, {}],
  ['affine', [[1, 6, 10]], { affine: true }, { weight: [6], bias: [6] }],
])
quantities(instanceNorm, [
  ['12 channels of 20 positions', [[2, 6, 5, 4]], {}, { additions: 3 * 240, multiplications: 2 * 240, divisions: 36, transcendentals: 12 }],
])
