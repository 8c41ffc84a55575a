import { abs } from '../../../src/engine/ops/abs.ts'
import { activation } from './table.ts'

activation(abs, { comparisons: 1 })
