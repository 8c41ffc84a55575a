/** What of an Attention is not read must not be read past: it is then named as not counted, and the total is partial. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { file, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'

/** Five tokens of three heads of four, from an opset that has Attention with all of it. */
const read = (nodes: Parts['nodes'], initializers: NonNullable<Parts['initializers']> = []) =>
  computeCosts(
    importOnnx(file({ opset: 25, inputs: [info('x', [1, 5, 12])], nodes, initializers, valueInfo: [info('y', [1, 5, 12])] })).graph,
  )
const heads = { q_num_heads: 3, kv_num_heads: 3 }

test('an Attention of which all is read counts: queries times keys, twice', () => {
  const { totals, uncounted } = read([node('Attention', ['x', 'x', 'x'], ['y'], { ...heads, is_causal: 1 })])
  assert.deepEqual([totals.macs, totals.partial, uncounted], [3 * 5 * 5 * (4 + 4), false, []])
})

test('lengths of keys hide what is computed all the same', () => {
  const { totals } = read([node('Attention', ['x', 'x', 'x', '', '', '', 'lengths'], ['y'], heads)], [ints('lengths', [3])])
  assert.deepEqual([totals.macs, totals.partial], [3 * 5 * 5 * (4 + 4), false])
})

test('an attribute that came later makes it one that is not counted', () => {
  const { totals, uncounted } = read([node('Attention', ['x', 'x', 'x'], ['y'], { ...heads, left_window: 2 })])
  assert.deepEqual([totals.partial, uncounted.length], [true, 1])
})
