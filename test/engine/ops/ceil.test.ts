import { ceil } from '../../../src/engine/ops/ceil.ts'
import { activation } from './table.ts'

activation(ceil, { comparisons: 1 })
