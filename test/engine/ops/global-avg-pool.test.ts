import { globalAvgPool2d } from '../../../src/engine/ops/global-avg-pool.ts'
import { quantities, shapes } from './table.ts'

shapes(globalAvgPool2d, [
  ['a map becomes one position', [[3, 2048, 7, 9]], {}, [[3, 2048, 1, 1]]],
  ['a vector has no positions', [[1, 10]], {}, /GlobalAvgPool2d takes a feature map C×H×W, but its input is 10/],
])
quantities(globalAvgPool2d, [
  ['every input element once', [[2, 10, 7, 9]], {}, { windowReads: 1260, additions: 1260 - 20, divisions: 20 }],
  ['one position: nothing to add', [[1, 10, 1, 1]], {}, { windowReads: 10, divisions: 10 }],
])
