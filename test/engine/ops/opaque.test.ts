import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts, uncountedOperators } from '../../../src/engine/cost.ts'
import { exportOnnx } from '../../../src/engine/formats/onnx-export.ts'
import { opaque } from '../../../src/engine/ops/opaque.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { shapes } from './table.ts'

shapes(opaque, [
  [
    'as the file states, the batch on top',
    [[4, 8]],
    { opType: 'NonZero', outputShapes: [[3], [2, 2]] },
    [
      [4, 3],
      [4, 2, 2],
    ],
  ],
])

test('it is listed as uncounted and refuses to be exported; what reads it is counted', () => {
  const graph = verifyGraph({
    input: { shape: [8] },
    layers: [
      { id: 'odd', type: 'Opaque', opType: 'Odd', outputShapes: [[6]] },
      { type: 'Linear', outFeatures: 2 },
    ],
  })
  const { uncounted, totals } = computeCosts(graph, { batch: 3 })
  assert.deepEqual(
    uncounted.map(({ id, type }) => [id, type]),
    [['odd', 'Odd']],
  )
  assert.equal(totals.partial, false, 'an operator of ONNX that multiplies nothing')
  assert.equal(totals.macs, 3 * 6 * 2)
  assert.throws(() => exportOnnx(graph), /Odd is known by its shapes alone/)
})

test('a total without operators that multiply is partial; what they own counts, by their own name', () => {
  const graph = verifyGraph({
    input: { shape: [3, 8, 8] },
    layers: [
      {
        id: 'fused',
        type: 'Opaque',
        opType: 'FusedConv',
        domain: 'com.microsoft',
        outputShapes: [[4, 8, 8]],
        weights: [
          { name: 'input1', shape: [4, 3, 3, 3] },
          { name: 'input2', shape: [4], learned: false },
        ],
      },
      { id: 'loop', type: 'Opaque', opType: 'Loop', outputShapes: [[4, 8, 8]] },
      { id: 'again', type: 'Opaque', opType: 'FusedConv', domain: 'com.microsoft', outputShapes: [[4, 8, 8]] },
    ],
  })
  const { uncounted, totals, layers } = computeCosts(graph)
  assert.deepEqual([totals.partial, totals.params, totals.buffers], [true, 108, 4])
  assert.deepEqual(
    layers.map(({ type, counted }) => [type, counted]),
    ['com.microsoft.FusedConv', 'Loop', 'com.microsoft.FusedConv'].map((type) => [type, false]),
  )
  assert.deepEqual(uncountedOperators(uncounted), [
    { operator: 'com.microsoft.FusedConv', layers: 2 },
    { operator: 'Loop', layers: 1 },
  ])
})

test('without a batch on top where it reads none', () => {
  assert.deepEqual(opaque.shape([[9, 2]], opaque.canonical({ opType: 'Tril', outputShapes: [[9, 2]], includesBatch: true })), [[9, 2]])
})
