import { erf } from '../../../src/engine/ops/erf.ts'
import { activation } from './table.ts'

activation(erf, { transcendentals: 1 })
