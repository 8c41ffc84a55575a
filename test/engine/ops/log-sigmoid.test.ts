import { logSigmoid } from '../../../src/engine/ops/log-sigmoid.ts'
import { activation } from './table.ts'

activation(logSigmoid, { transcendentals: 2, additions: 1 })
