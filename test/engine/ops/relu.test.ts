import { relu } from '../../../src/engine/ops/relu.ts'
import { activation } from './table.ts'

activation(relu, { comparisons: 1 })
