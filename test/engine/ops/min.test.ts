import { min } from '../../../src/engine/ops/min.ts'
import { broadcasting } from './table.ts'

broadcasting(min, { comparisons: 1 })
