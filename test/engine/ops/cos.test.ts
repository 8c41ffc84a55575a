import { cos } from '../../../src/engine/ops/cos.ts'
import { activation } from './table.ts'

activation(cos, { transcendentals: 1 })
