/** Small files whose figures were found by executing every node in Python, and whose learned tensors are known. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { holdsImageByImage } from './batch-law.ts'

const folder = new URL('../../../fixtures/onnx-cases/', import.meta.url)
const bytesOf = (name: string) => readFileSync(new URL(name, folder))
const expected: Record<string, { macs: number; macsAtBatch2?: number; floatsInFile: number }> = JSON.parse(
  bytesOf('expected.json').toString(),
)

/** What of the floats in the file is learned, counted by hand from the file's tensors; the inputs of one image to run it with. */
const cases: Record<string, { params: number; inputs?: Record<string, number[]> }> = {
  'argmax_out.onnx': { params: 12 },
  'constant_of_shape_times_input.onnx': { params: 216, inputs: { x: [3, 1, 1] } },
  // 18 × 72 + 18 of the offsets, 8 × 72 + 8 of the convolution.
  'deform.onnx': { params: 1898 },
  'fusedconv.onnx': { params: 112 },
  'if_squeeze.onnx': { params: 216 },
  // 4 gates of 16 units: 64 × 16 for the input and for the state, 2 × 64 of bias.
  'lstm_16.onnx': { params: 2176 },
  // A mask of zeros and −100 by positions: the weight alone is learned.
  'mask_from_zeros.onnx': { params: 24, inputs: { x: [3, 4, 4] } },
  // A table of 25 places for 2 heads, of which 81 pairs of positions are picked.
  'relpos_gather.onnx': { params: 50, inputs: { q: [2, 9, 4], k: [2, 4, 9] } },
  // Its thresholds are scalars.
  'nms_head.onnx': { params: 56 },
  'shared_other_bias.onnx': { params: 120, inputs: { x: [10] } },
  'topk_head.onnx': { params: 48 },
  'torch_as_strided.onnx': { params: 525, inputs: { x: [3, 16, 16] } },
  'torch_as_strided_outside.onnx': { params: 525 },
  'w_reshaped_shared.onnx': { params: 36, inputs: { x: [6, 8, 8] } },
  // Its running mean and variance are looked at by nobody in training mode.
  'weight_bn_training.onnx': { params: 216 + 8 + 8, inputs: { x: [3, 12, 12] } },
  'weight_standardised.onnx': { params: 216, inputs: { x: [3, 12, 12] } },
  'zeros_joined.onnx': { params: 36, inputs: { x: [2, 6, 6] } },
}

for (const [name, { params, inputs }] of Object.entries(cases))
  test(name, async () => {
    const { graph, report } = importOnnx(bytesOf(name))
    const { totals } = computeCosts(graph)
    const { macs, macsAtBatch2, floatsInFile } = expected[name]!
    if (totals.partial) assert.ok(totals.macs < macs)
    else assert.deepEqual([totals.macs, computeCosts(graph, { batch: 2 }).totals.macs], [macs, macsAtBatch2 ?? 2 * macs])
    assert.deepEqual([totals.params, report.parameters.params], [params, params])
    assert.equal(report.parameters.floatInitializerElements, floatsInFile)
    const explained = report.parameters.differences.reduce((sum, { elements }) => sum + elements, 0)
    assert.equal(params + explained, floatsInFile)
    assert.equal(report.weights, name.includes('outside') ? 'some' : 'all')
    if (inputs) await holdsImageByImage(bytesOf(name), inputs)
  })

const paramsOf = (parts: Parts) => {
  const { graph, report } = importOnnx(file(parts))
  return { params: computeCosts(graph).totals.params, buffers: report.parameters.buffers, notes: report.notes, graph }
}

test('one matrix in three parts counts three thirds, and what nobody picks counts with the first', () => {
  const parts = (ends: readonly number[]): Parts => ({
    inputs: [info('x', ['N', 6])],
    nodes: [
      node('Split', ['w', 'sizes'], ['q', 'k', 'v', 'rest'], { axis: 1 }),
      ...['q', 'k', 'v'].map((name) => node('MatMul', ['x', name], [`${name}/x`])),
      node('Concat', ['q/x', 'k/x', 'v/x'], ['y'], { axis: 1 }),
    ],
    initializers: [floats('w', [6, 20]), ints('sizes', ends)],
  })
  const { params, graph } = paramsOf(parts([5, 5, 5, 5]))
  assert.equal(params, 120)
  assert.deepEqual(
    computeCosts(graph).layers.map((layer) => layer.params),
    [60, 30, 30, 0],
  )
})

test('a table that is learned is told from one that is not where the file shows it, and said where it does not', () => {
  const grid = Array.from({ length: 192 }, (_, i) => (i % 8) + 0.5)
  const added = (more: Partial<Parts>, name = 't'): Parts => ({
    nodes: [...(more.nodes ?? []), node('Neg', ['x'], ['m']), node('Add', ['m', name], ['y'])],
    initializers: more.initializers ?? [],
  })
  const table = paramsOf(added({ initializers: [floats('t', [1, 3, 8, 8])] }))
  assert.equal(table.params, 192)
  assert.match(table.notes.join(), /Counted as learned.*"t" \(192\)/)
  const anchors = paramsOf(added({ initializers: [floats('t', [1, 3, 8, 8], grid)] }))
  assert.deepEqual([anchors.params, anchors.notes], [0, []])
  const constant = paramsOf(added({ nodes: [node('Constant', [], ['t'], { value: { tensor: floats('', [1, 3, 8, 8]) } })] }))
  assert.deepEqual([constant.params, constant.notes], [0, []])
  const zeros = paramsOf(
    added({
      nodes: [node('ConstantOfShape', ['s'], ['t'], { value: { tensor: floats('', [1], [0.3]) } })],
      initializers: [ints('s', [1, 3, 8, 8])],
    }),
  )
  assert.deepEqual([zeros.params, zeros.buffers, zeros.notes], [0, 0, []])
})

test('weights of operators that are not read count, their settings and statistics do not', () => {
  const lstm: Parts = {
    inputs: [info('x', [1, 1, 4])],
    nodes: [node('LSTM', ['x', 'w', 'r', 'b'], ['y'], { hidden_size: 3 })],
    initializers: [floats('w', [1, 12, 4]), floats('r', [1, 12, 3]), floats('b', [1, 24])],
    valueInfo: [info('y', [1, 1, 1, 3])],
  }
  assert.equal(paramsOf(lstm).params, 48 + 36 + 24)
  const resize: Parts = {
    nodes: [node('Resize', ['x', '', 'f'], ['y'], { mode: 'cubic', keep_aspect_ratio_policy: 'not_larger' })],
    initializers: [floats('f', [4], [1, 1, 1.7, 1.7])],
    valueInfo: [info('y', [1, 3, 13, 13])],
    opset: 18,
  }
  assert.equal(paramsOf(resize).params, 0)
})
