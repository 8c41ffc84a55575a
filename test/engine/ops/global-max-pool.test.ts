import { globalMaxPool2d } from '../../../src/engine/ops/global-max-pool.ts'
import { quantities, shapes } from './table.ts'

shapes(globalMaxPool2d, [
  ['one element a channel', [[2, 64, 5, 7]], {}, [[2, 64, 1, 1]]],
  ['a vector', [[2, 64]], {}, /feature map/],
])
quantities(globalMaxPool2d, [['every element is read', [[2, 3, 5, 7]], {}, { windowReads: 210, comparisons: 204 }]])
