import { tanh } from '../../../src/engine/ops/tanh.ts'
import { activation } from './table.ts'

activation(tanh, { transcendentals: 1 })
