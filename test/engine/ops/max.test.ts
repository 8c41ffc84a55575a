import { max } from '../../../src/engine/ops/max.ts'
import { broadcasting } from './table.ts'

broadcasting(max, { comparisons: 1 })
