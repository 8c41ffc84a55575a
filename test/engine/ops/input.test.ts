import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input } from '../../../src/engine/ops/input.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { refused, shapes } from './table.ts'

shapes(input, [['one image, the batch on top', [], { shape: [3, 224, 224] }, [[1, 3, 224, 224]]]])
refused(input, [
  ['no sizes', { shape: [] }],
  ['a size of 0', { shape: [3, 0] }],
  ['eight sizes', { shape: [1, 1, 1, 1, 1, 1, 1, 1] }],
])

test('Input: an Input layer and an input beside the layers are one graph', () => {
  const relu = { id: 'r', type: 'ReLU', inputs: ['x'] }
  const layer = verifyGraph({ layers: [{ id: 'x', type: 'Input', shape: [3, 4, 4] }, relu] })
  const beside = verifyGraph({ inputs: [{ id: 'x', shape: [3, 4, 4] }], layers: [relu] })
  assert.deepEqual(layer, beside)
})
