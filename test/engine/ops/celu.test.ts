import { celu } from '../../../src/engine/ops/celu.ts'
import { activation } from './table.ts'

activation(celu, { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 1, divisions: 1 })
