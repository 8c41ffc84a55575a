/** Small models of Keras 3.15 beside its own `count_params()` and `output_shape`; their multiply-adds are worked out by hand. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importKeras } from '../../../../src/engine/formats/keras/index.ts'
import { functional, input, on } from './models.ts'

const folder = new URL('../../../fixtures/keras-cases/', import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const expected: Record<string, { params: number; outputShape: (number | null)[] }> = read('expected.json')

/** A 3×3 convolution of `from` to `to` channels with an output of `size`. */
const conv = (from: number, to: number, size: number) => 9 * from * to * size
const macs: Record<string, number> = {
  'keras_adaptivepool.json': conv(3, 4, 14 * 14),
  'keras_cropping3d.json': 27 * 2 * 4 * 7 ** 3,
  'keras_groupnorm.json': conv(3, 8, 14 * 14),
  // Four products of 20 tokens by 64×64, scores and sums of 4 heads of 16.
  'keras_mha.json': 4 * 20 * 64 * 64 + 2 * 4 * 20 * 20 * 16,
  'keras_ops_mean.json': conv(3, 4, 14 * 14),
  'keras_resizing.json': conv(3, 4, 18 * 22),
  'keras_upsample_bicubic.json': 3 * 2 * 10 * 12,
}

for (const [name, { params, outputShape }] of Object.entries(expected))
  test(`${name}: Keras' own parameters and output shape`, () => {
    const graph = importKeras(read(name).keras)
    for (const batch of [1, 2]) {
      const { totals, layers, uncounted } = computeCosts(graph, { batch })
      const [, ...image] = outputShape
      // Channels first here.
      const own = image.length > 2 ? [image.at(-1), ...image.slice(0, -1)] : image
      assert.deepEqual(layers.at(-1)!.outputShape, own)
      assert.deepEqual([totals.params, totals.macs, totals.partial, uncounted], [params, batch * macs[name]!, false, []])
    }
  })

test('bicubic weighs 4 × 4 elements for each of the output', () => {
  const { layers } = computeCosts(importKeras(read('keras_upsample_bicubic.json').keras), { convention: 'full' })
  assert.equal(layers[0]!.flops, (16 + 15) * 3 * 10 * 12)
})

test('siblings: shapes and parameters as their documentation has them', () => {
  const of = (layer: Parameters<typeof on>, ...shape: number[]) =>
    computeCosts(importKeras(functional([input('x', ...shape), on(...layer)], ['x'], [layer[1]], 3)))
  const last = (layer: Parameters<typeof on>, ...shape: number[]) => of(layer, ...shape).layers.at(-1)!.outputShape
  assert.deepEqual(last(['AdaptiveAveragePooling1D', 'y', 'x', { output_size: 3 }], 10, 4), [4, 3])
  assert.deepEqual(last(['AdaptiveMaxPooling2D', 'y', 'x', { output_size: [2, 5] }], 8, 10, 4), [4, 2, 5])
  assert.throws(() => last(['AdaptiveMaxPooling2D', 'y', 'x', { output_size: 3 }], 8, 10, 4), /divides the input, 8×10/)
  assert.deepEqual(last(['Resizing', 'y', 'x', { height: 7, width: 3, interpolation: 'lanczos5' }], 8, 10, 4), [4, 7, 3])
  assert.throws(() => last(['Resizing', 'y', 'x', { height: 7, width: 3, antialias: true }], 8, 10, 4), /antialias/)
  // Joined channels leave Keras's own order; of a map without rows the channels stay first here.
  assert.deepEqual(last(['Mean', 'y', 'x', { axis: -1 }], 8, 10, 4), [8, 10])
  assert.deepEqual(last(['Max', 'y', 'x', { axis: [1], keepdims: false }], 8, 10, 4), [4, 10])
  assert.deepEqual(last(['Sum', 'y', 'x', { axis: [1, 2], keepdims: true }], 8, 10, 4), [4, 1, 1])
  assert.throws(() => last(['Mean', 'y', 'x', { axis: null }], 8, 10, 4), /joins the images/)
  assert.equal(of(['GroupNormalization', 'y', 'x', { groups: -1 }], 8, 10, 4).totals.params, 8)
  // 6 heads of queries, 2 of keys and values, of 5 each, on 7 tokens of 12.
  const grouped = of(
    [
      'GroupedQueryAttention',
      'y',
      [
        ['x', 0],
        ['x', 0],
      ],
      { head_dim: 5, num_query_heads: 6, num_key_value_heads: 2 },
    ],
    7,
    12,
  )
  assert.equal(grouped.totals.params, 12 * 30 + 30 + 2 * (12 * 10 + 10) + 30 * 12 + 12)
  assert.equal(grouped.totals.macs, 7 * (12 * 30 + 2 * 12 * 10 + 30 * 12) + 2 * 6 * 7 * 7 * 5)
})
