import { hardSigmoid } from '../../../src/engine/ops/hard-sigmoid.ts'
import { activation } from './table.ts'

activation(hardSigmoid, { additions: 1, comparisons: 2, divisions: 1 })
