import { hardTanh } from '../../../src/engine/ops/hard-tanh.ts'
import { activation, shapes } from './table.ts'

activation(hardTanh, { comparisons: 2 })
shapes(hardTanh, [['an empty range', [[1, 3]], { min: 2, max: 1 }, /min 2 is above max 1/]])
