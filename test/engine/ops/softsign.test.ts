import { softsign } from '../../../src/engine/ops/softsign.ts'
import { activation } from './table.ts'

activation(softsign, { comparisons: 1, additions: 1, divisions: 1 })
