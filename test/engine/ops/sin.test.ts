import { sin } from '../../../src/engine/ops/sin.ts'
import { activation } from './table.ts'

activation(sin, { transcendentals: 1 })
