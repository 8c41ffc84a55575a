import { sigmoid } from '../../../src/engine/ops/sigmoid.ts'
import { activation } from './table.ts'

activation(sigmoid, { transcendentals: 1, additions: 1, divisions: 1 })
