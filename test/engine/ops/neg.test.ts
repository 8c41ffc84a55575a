import { neg } from '../../../src/engine/ops/neg.ts'
import { activation } from './table.ts'

activation(neg, {})
