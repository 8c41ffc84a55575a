import { pow } from '../../../src/engine/ops/pow.ts'
import { broadcasting } from './table.ts'

broadcasting(pow, { transcendentals: 1 })
