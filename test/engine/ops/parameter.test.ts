import { parameter } from '../../../src/engine/ops/parameter.ts'
import { parameters, quantities, refused, shapes } from './table.ts'

shapes(parameter, [
  ['no batch is put on top', [], { shape: [1, 197, 768] }, [[1, 197, 768]]],
  ['a scalar', [], { shape: [], value: 0.5 }, [[]]],
  ['too few numbers', [], { shape: [2, 2], value: [1, 2, 3] }, /value has 3 numbers, but the shape 2×2 has 4/],
])
parameters(parameter, [
  ['learned: a parameter', [], { shape: [1, 1, 8] }, { tensor: [1, 1, 8] }],
  ['fixed: a buffer', [], { shape: [4], learned: false }, { 'tensor*': [4] }],
  ['written down: neither', [], { shape: [2], value: [1, 2] }, {}],
])
quantities(parameter, [['nothing is computed', [], { shape: [8] }, {}]])
refused(parameter, [['more numbers than a graph carries', { shape: [1025], value: new Array(1025).fill(0) }]])
