import { sub } from '../../../src/engine/ops/sub.ts'
import { broadcasting } from './table.ts'

broadcasting(sub, { additions: 1 })
