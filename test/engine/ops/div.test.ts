import { div } from '../../../src/engine/ops/div.ts'
import { broadcasting } from './table.ts'

broadcasting(div, { divisions: 1 })
