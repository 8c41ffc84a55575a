import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import { leastFlops } from '../../src/engine/least-flops.ts'
import { verifyGraph } from '../../src/engine/verify.ts'

test('what no algorithm does without: all of 1×1 and strided convolutions, a quarter of 3×3', () => {
  const graph = verifyGraph({
    input: { shape: [4, 8, 8] },
    layers: [
      { id: 'winograd', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
      { id: 'pointwise', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
      { id: 'strided', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1, stride: 2 },
      { type: 'Flatten' },
      { id: 'fc', type: 'Linear', outFeatures: 10 },
    ],
  })
  const { layers } = computeCosts(graph, { batch: 2 })
  const macs = new Map(layers.map((layer) => [layer.id, layer.macs]))
  // By hand, for two images: 64 positions × 4 × 4 × 9, the same × 1, 16 positions × 4 × 4 × 9, 64 × 10.
  const [winograd, pointwise, strided, fc] = [2 * 9216, 2 * 1024, 2 * 2304, 2 * 640]
  assert.equal(leastFlops(graph, macs), 2 * (winograd / 4 + pointwise + strided + fc))
})
