import { selu } from '../../../src/engine/ops/selu.ts'
import { activation } from './table.ts'

activation(selu, { comparisons: 1, transcendentals: 1, additions: 1, multiplications: 2 })
