import { pRelu } from '../../../src/engine/ops/p-relu.ts'
import { parameters, quantities, shapes } from './table.ts'

shapes(pRelu, [['kept', [[2, 6, 5, 4]], {}, [[2, 6, 5, 4]]]])
parameters(pRelu, [['a slope a channel', [[2, 6, 5, 4]], {}, { weight: [6] }]])
quantities(pRelu, [['each element', [[2, 6]], {}, { comparisons: 12, multiplications: 12 }]])
