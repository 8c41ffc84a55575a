import { logSoftmax } from '../../../src/engine/ops/log-softmax.ts'
import { quantities, shapes } from './table.ts'

shapes(logSoftmax, [['any rank', [[2, 3, 5]], { dim: -1 }, [[2, 3, 5]]]])
quantities(logSoftmax, [['2 rows of 10', [[2, 10]], {}, { comparisons: 18, additions: 2 * 20 + 18, transcendentals: 22 }]])
