import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attention } from '../../../src/engine/ops/attention.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { inputsOf, runOnnx } from '../run-graph.ts'
import { quantities, shapes } from './table.ts'

const same = (shape: number[]) => [shape, shape, shape]
shapes(attention, [
  ['heads beside the batch', same([2, 12, 197, 64]), {}, [[2, 12, 197, 64]]],
  [
    'values of another size, more keys',
    [
      [2, 3, 5, 8],
      [2, 3, 7, 8],
      [2, 3, 7, 4],
    ],
    {},
    [[2, 3, 5, 4]],
  ],
  ['heads side by side', same([2, 197, 768]), { heads: 12 }, [[2, 197, 768]]],
  [
    'grouped queries: 6 heads on 2',
    [
      [2, 6, 5, 8],
      [2, 2, 7, 8],
      [2, 2, 7, 4],
    ],
    {},
    [[2, 6, 5, 4]],
  ],
  [
    'grouped, side by side',
    [
      [2, 5, 24],
      [2, 7, 12],
      [2, 7, 8],
    ],
    { heads: 4, kvHeads: 2 },
    [[2, 5, 16]],
  ],
  ['no heads given', same([2, 197, 768]), {}, /need heads/],
  ['heads given twice', same([2, 12, 197, 64]), { heads: 12 }, /leave heads and kvHeads out/],
  ['heads that do not divide', same([2, 197, 768]), { heads: 7 }, /7 heads .* must divide their last dims/],
  [
    'a key of another size',
    [
      [2, 3, 5, 8],
      [2, 3, 7, 6],
      [2, 3, 7, 4],
    ],
    {},
    /a query has 8 elements and a key 6/,
  ],
  [
    'a value too many',
    [
      [2, 3, 5, 8],
      [2, 3, 7, 8],
      [2, 3, 8, 4],
    ],
    {},
    /there are 7 keys and 8 values/,
  ],
  [
    'heads that are no group',
    [
      [2, 5, 5, 8],
      [2, 2, 7, 8],
      [2, 2, 7, 8],
    ],
    {},
    /must be those of values, and divide the 5/,
  ],
  [
    'ranks that differ',
    [
      [2, 5, 8],
      [2, 3, 7, 8],
      [2, 3, 7, 8],
    ],
    { heads: 1 },
    /all three must be/,
  ],
  ['a mask', [...same([2, 3, 5, 8]), [5, 5]], {}, [[2, 3, 5, 8]]],
  ['a mask of another length', [...same([2, 3, 5, 8]), [2, 1, 5, 6]], {}, /the mask is 2×1×5×6, but must broadcast to the scores, 2×3×5×5/],
])
// ViT-B/16: two products of 197 × 197 scores and 64 elements for each of 12 heads.
const scores = 12 * 197 * 197
quantities(attention, [
  [
    'both products, the scale, the softmax of 12 × 197 rows',
    same([1, 12, 197, 64]),
    {},
    {
      macs: 2 * scores * 64,
      multiplications: 12 * 197 * 64,
      comparisons: scores - 12 * 197,
      additions: 2 * scores - 12 * 197,
      transcendentals: scores,
      divisions: scores,
    },
  ],
  [
    'the mask adds one a score; values of another size',
    [
      [2, 3, 5, 8],
      [2, 3, 7, 8],
      [2, 3, 7, 4],
      [5, 7],
    ],
    {},
    { macs: 210 * 12, multiplications: 240, comparisons: 180, additions: 600, transcendentals: 210, divisions: 210 },
  ],
])

test('causal: what comes later changes nothing before', async () => {
  const graph = verifyGraph({
    input: { shape: [2, 5, 4] },
    layers: [{ type: 'Attention', inputs: ['input', 'input', 'input'], causal: true }],
  })
  const given = inputsOf(graph, 1)
  const [before] = await runOnnx(graph, given)
  const changed = { input: given.input!.map((value, i) => (i % 20 >= 12 ? value + 1 : value)) }
  const [after] = await runOnnx(graph, changed)
  const kept = (values: Float32Array) => Array.from(values).filter((_, i) => i % 20 < 12)
  assert.deepEqual(kept(before!), kept(after!))
  assert.notDeepEqual(before, after)
  // The first query sees the first key alone, so it gets its value.
  assert.ok(Math.abs(before![0]! - given.input![0]!) < 1e-6)
})
