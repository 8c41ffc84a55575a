import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { resize } from '../../../src/engine/ops/resize.ts'
import { graphOf, runOnnx, runTfjs } from '../run-graph.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(resize, [
  ['twice as large', [[2, 3, 5, 7]], { scale: 2 }, [[2, 3, 10, 14]]],
  ['each dim by its own, rounded down', [[2, 3, 5, 7]], { scale: [1.5, 0.5] }, [[2, 3, 7, 3]]],
  ['a sequence', [[2, 3, 10]], { scale: 0.7 }, [[2, 3, 7]]],
  ['a volume to a size', [[2, 3, 5, 6, 7]], { size: [1, 2, 3] }, [[2, 3, 1, 2, 3]]],
  ['one size for all', [[2, 3, 5, 7]], { size: 9 }, [[2, 3, 9, 9]]],
  ['neither', [[2, 3, 5, 7]], {}, /takes either scale or size/],
  ['both: the size is the output’s', [[2, 3, 5, 7]], { scale: 2, size: 10 }, [[2, 3, 10, 10]]],
  ['a number too many', [[2, 3, 5, 7]], { size: [1, 2, 3] }, /size has 3 numbers, but 3×5×7 has 2 dims behind the channels/],
  ['nothing left', [[2, 3, 5, 7]], { scale: 0.1 }, /scale 0.1 leaves nothing of 5: use at least 0.2/],
  ['a vector', [[2, 3]], { scale: 2 }, /takes a sequence, a map or a volume/],
])
quantities(resize, [
  ['nearest moves data', [[2, 3, 5, 7]], { scale: 2 }, {}],
  // As fvcore: 4 for each of the 840 outputs, which leaves the additions out.
  ['bilinear weighs 4 elements', [[2, 3, 5, 7]], { scale: 2, mode: 'linear' }, { multiplications: 3360, additions: 2520 }],
  ['trilinear weighs 8', [[1, 1, 2, 2, 2]], { scale: 2, mode: 'linear' }, { multiplications: 512, additions: 448 }],
])
refused(resize, [
  ['a scale of 0', { scale: 0 }],
  ['a mode that is not known', { scale: 2, mode: 'cubic' }],
])

/** Of a line as long as `x`, both runtimes. */
const resampled = async (x: number[], attributes: Record<string, unknown>): Promise<number[][]> => {
  const graph = graphOf([1, x.length], [{ type: 'Resize', ...attributes }])
  const inputs = { input: Float32Array.from(x) }
  return [await runOnnx(graph, inputs), await runTfjs(graph, inputs)].map(([y]) => Array.from(y!, (value) => Math.round(value * 1e4) / 1e4))
}

// The first three are the first rows of the examples in PyTorch's documentation of nn.Upsample; the others follow its formulas.
const examples: [why: string, x: number[], attributes: Record<string, unknown>, y: number[]][] = [
  ['nn.Upsample(2, nearest) of 1 2', [1, 2], { scale: 2 }, [1, 1, 2, 2]],
  ['nn.Upsample(2, bilinear) of 1 2', [1, 2], { scale: 2, mode: 'linear' }, [1, 1.25, 1.75, 2]],
  [
    'nn.Upsample(2, bilinear, align_corners) of 1 2',
    [1, 2],
    { scale: 2, mode: 'linear', coordinates: 'alignCorners' },
    [1, 1.3333, 1.6667, 2],
  ],
  ['nearest of 5 to 2: ⌊i·5/2⌋', [0, 1, 2, 3, 4], { size: 2 }, [0, 2]],
  ['nearest-exact of 5 to 2: ⌊(i + ½)·5/2⌋', [0, 1, 2, 3, 4], { size: 2, coordinates: 'halfPixel' }, [1, 3]],
]
test('examples of the documentation, by both runtimes', async () => {
  for (const [why, x, attributes, y] of examples) for (const got of await resampled(x, attributes)) assert.deepEqual(got, y, why)
})

test('neighbors of a map twice as large lie half an element apart', () => {
  const { layers } = computeCosts(graphOf([1, 4, 4], [{ type: 'Resize', scale: 2, mode: 'linear' }]))
  assert.deepEqual(
    [layers[0]!.receptiveField, layers[0]!.effectiveStride],
    [
      [2, 2],
      [0.5, 0.5],
    ],
  )
})
