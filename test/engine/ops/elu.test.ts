import { elu } from '../../../src/engine/ops/elu.ts'
import { activation } from './table.ts'

activation(elu, { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 1 })
