import { silu } from '../../../src/engine/ops/silu.ts'
import { activation } from './table.ts'

activation(silu, { transcendentals: 1, additions: 1, divisions: 1 })
