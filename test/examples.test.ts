import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../src/engine/cost.ts'
import { verifyGraph } from '../src/engine/verify.ts'

/** EECS 498-007, lecture 8, "AlexNet": layer, output size, KiB, parameters and flops (its columns in K and M, here exact). */
const lectureTable: [id: string, shape: number[], memoryKiB: number, params: number, flops: number][] = [
  ['conv1', [64, 56, 56], 784, 23_296, 72_855_552],
  ['pool1', [64, 27, 27], 182.25, 0, 419_904],
  ['conv2', [192, 27, 27], 546.75, 307_392, 223_948_800],
  ['pool2', [192, 13, 13], 126.75, 0, 292_032],
  ['conv3', [384, 13, 13], 253.5, 663_936, 112_140_288],
  ['conv4', [256, 13, 13], 169, 884_992, 149_520_384],
  ['conv5', [256, 13, 13], 169, 590_080, 99_680_256],
  ['pool5', [256, 6, 6], 36, 0, 82_944],
  ['flatten', [9216], 36, 0, 0],
  ['fc6', [4096], 16, 37_752_832, 37_748_736],
  ['fc7', [4096], 16, 16_781_312, 16_777_216],
  ['fc8', [1000], 3.90625, 4_097_000, 4_096_000],
]

test("examples/alexnet-lecture.json is the lecture's AlexNet, row by row", () => {
  const { name, ...spec } = JSON.parse(readFileSync(new URL('../examples/alexnet-lecture.json', import.meta.url), 'utf8'))
  assert.equal(name, 'alexnet-lecture')
  const { layers } = computeCosts(verifyGraph(spec), { convention: 'lecture' })
  assert.deepEqual(
    layers
      .filter((layer) => layer.type !== 'ReLU')
      .map(({ id, outputShape, memoryKiB, params, flops }) => [id, outputShape, memoryKiB, params, flops]),
    lectureTable,
  )
})
