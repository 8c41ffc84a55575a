import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
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
    [['odd', 'Opaque']],
  )
  assert.equal(totals.macs, 3 * 6 * 2)
  assert.throws(() => exportOnnx(graph), /Odd is known by its shapes alone/)
})
