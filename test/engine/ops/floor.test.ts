import { floor } from '../../../src/engine/ops/floor.ts'
import { activation } from './table.ts'

activation(floor, { comparisons: 1 })
