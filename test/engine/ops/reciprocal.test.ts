import { reciprocal } from '../../../src/engine/ops/reciprocal.ts'
import { activation } from './table.ts'

activation(reciprocal, { divisions: 1 })
