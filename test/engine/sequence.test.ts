/** A network over one spatial dim, whole: what it sees and what it costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import { inferShapes } from '../../src/engine/infer.ts'
import { receptiveFields } from '../../src/engine/receptive-field.ts'
import { verifyGraph } from '../../src/engine/verify.ts'

const graph = verifyGraph({
  input: { shape: [2, 100] },
  layers: [
    { type: 'Conv1d', outChannels: 4, kernelSize: 7, stride: 2 },
    { type: 'MaxPool1d', kernelSize: 3, stride: 2 },
    { type: 'Conv1d', outChannels: 6, kernelSize: 3, dilation: 2 },
  ],
})

test('the field grows by (k − 1)·d·j along the sequence: 7, then 7 + 2·2, then 11 + 2·2·4', () => {
  assert.deepEqual(
    receptiveFields(graph, inferShapes(graph)).map(({ size, stride }) => [size, stride]),
    [
      [
        [1, 7],
        [1, 2],
      ],
      [
        [1, 11],
        [1, 4],
      ],
      [
        [1, 27],
        [1, 4],
      ],
    ],
  )
})

// 100 → 47 → 23 → 19 positions; weights 4·2·7 and 6·4·3, biases 4 and 6.
const [first, second] = [47 * 4 * 2 * 7, 19 * 6 * 4 * 3]
const biases = 47 * 4 + 19 * 6
for (const [convention, expected] of Object.entries({
  fvcore: first + second,
  thop: first + second,
  onnx: first + second,
  torch: 2 * (first + second),
  torchinfo: first + second + biases,
}))
  test(`${convention} counts a 1-D convolution by its rule for two dims`, () => {
    assert.equal(computeCosts(graph, { convention }).totals.flops, expected)
  })
