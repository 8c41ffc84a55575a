import { mish } from '../../../src/engine/ops/mish.ts'
import { activation } from './table.ts'

activation(mish, { transcendentals: 3, additions: 1, multiplications: 1 })
