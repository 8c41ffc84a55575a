import { leakyRelu } from '../../../src/engine/ops/leaky-relu.ts'
import { activation } from './table.ts'

activation(leakyRelu, { comparisons: 1, multiplications: 1 })
