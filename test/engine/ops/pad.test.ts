import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pad } from '../../../src/engine/ops/pad.ts'
import { graphOf, runOnnx, runTfjs } from '../run-graph.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(pad, [
  ['top, left, bottom, right', [[2, 3, 10, 20]], { padding: [1, 2, 3, 4] }, [[2, 3, 14, 26]]],
  ['height and width', [[1, 3, 10, 20]], { padding: [1, 2] }, [[1, 3, 12, 24]]],
  ['one number', [[1, 3, 10, 20]], { padding: 3, value: 7 }, [[1, 3, 16, 26]]],
  ['a vector', [[1, 10]], { padding: 1 }, /feature map/],
  ['a vector, its dim named', [[1, 10]], { padding: 1, dims: [1] }, [[1, 12]]],
  ['a sequence, before and after', [[1, 3, 10]], { padding: [2, 0], dims: [-1], mode: 'edge' }, [[1, 3, 12]]],
  ['channels and columns, all before and then all after', [[1, 3, 10, 20]], { padding: [1, 2, 3, 4], dims: [1, 3] }, [[1, 7, 10, 26]]],
  ['a dim twice', [[1, 3, 10]], { padding: 1, dims: [2, -1] }, /holds a dim twice/],
  ['three numbers for two dims', [[1, 3, 10, 20]], { padding: [1, 2, 3] }, /padding has 3 numbers, but 2 dims take 1, 2 or 4/],
  ['all that a mirror has', [[1, 3, 4, 4]], { padding: 3, mode: 'reflect' }, [[1, 3, 10, 10]]],
  ['more than a mirror has', [[1, 3, 4, 4]], { padding: 4, mode: 'reflect' }, /a border of 4 cannot mirror a dim of 4: at most 3 can/],
])
quantities(pad, [['moves data only', [[1, 3, 4, 4]], { padding: 1 }, {}]])
refused(pad, [
  ['no padding', {}],
  ['cropping', { padding: -1 }],
  ['a word', { padding: 'same' }],
  ['a mode that is not known', { padding: 1, mode: 'wrap' }],
])

// np.pad([1, 2, 3], (2, 1), mode), from NumPy's documentation of its modes.
test('a line of three by each mode, in both runtimes', async () => {
  for (const [mode, expected] of [
    ['constant', [9, 9, 1, 2, 3, 9]],
    ['reflect', [3, 2, 1, 2, 3, 2]],
    ['edge', [1, 1, 1, 2, 3, 3]],
  ] as const) {
    const graph = graphOf([1, 3], [{ type: 'Pad', dims: [2], padding: [2, 1], mode, value: 9 }])
    const inputs = { input: Float32Array.of(1, 2, 3) }
    for (const [y] of [await runOnnx(graph, inputs), await runTfjs(graph, inputs)]) assert.deepEqual([...y!], expected, mode)
  }
})
