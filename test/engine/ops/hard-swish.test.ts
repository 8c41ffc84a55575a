import { hardSwish } from '../../../src/engine/ops/hard-swish.ts'
import { activation } from './table.ts'

activation(hardSwish, { additions: 1, comparisons: 2, multiplications: 1, divisions: 1 })
