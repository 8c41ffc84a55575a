import { softplus } from '../../../src/engine/ops/softplus.ts'
import { activation } from './table.ts'

activation(softplus, { transcendentals: 2, additions: 1 })
