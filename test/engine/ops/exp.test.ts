import { exp } from '../../../src/engine/ops/exp.ts'
import { activation } from './table.ts'

activation(exp, { transcendentals: 1 })
