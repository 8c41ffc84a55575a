import { log } from '../../../src/engine/ops/log.ts'
import { activation } from './table.ts'

activation(log, { transcendentals: 1 })
