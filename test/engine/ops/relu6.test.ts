import { relu6 } from '../../../src/engine/ops/relu6.ts'
import { activation } from './table.ts'

activation(relu6, { comparisons: 2 })
