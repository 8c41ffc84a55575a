import { sqrt } from '../../../src/engine/ops/sqrt.ts'
import { activation } from './table.ts'

activation(sqrt, { transcendentals: 1 })
