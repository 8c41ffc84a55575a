import { gelu } from '../../../src/engine/ops/gelu.ts'
import { activation, refused } from './table.ts'

// ½·x·(1 + erf(x·√½)): three factors, one sum, one erf.
activation(gelu, { multiplications: 3, additions: 1, transcendentals: 1 })
// ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x·x·x))): six factors, two sums, one tanh.
activation(gelu, { multiplications: 6, additions: 2, transcendentals: 1 }, { approximate: 'tanh' })
refused(gelu, [['a form that PyTorch has not', { approximate: 'sigmoid' }]])
