/** A fully connected layer as a product of two thin ones, with the numbers of its matrix. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SingularValueDecomposition } from 'ml-matrix'
import { rewriteGraph } from '../../../src/engine/rewrites/apply.ts'
import { factor, isFactorable } from '../../../src/engine/rewrites/shared/factor.ts'
import type { seededSource } from '../../../src/engine/rewrites/weights.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { random } from '../random.ts'
import { distance, graphOf, inputsOf, runOnnx, runTfjs, seed, tolerance } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'

const matrixOf = (rows: number, columns: number, at: (i: number, j: number) => number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, k) => at(Math.floor(k / columns), k % columns))
const product = (left: Float32Array, right: Float32Array, rows: number, columns: number, rank: number): Float32Array =>
  matrixOf(rows, columns, (i, j) =>
    Array.from({ length: rank }, (_, k) => left[i * rank + k]! * right[k * columns + j]!).reduce((a, b) => a + b, 0),
  )

test('singular values known by hand: 4, 3, 2, 1 on a diagonal, tall and wide', () => {
  for (const [rows, columns] of [
    [4, 9],
    [9, 4],
  ] as const) {
    const matrix = matrixOf(rows, columns, (i, j) => (i === j ? 4 - i : 0))
    // Eckart and Young: what is lost is the root of the squares left out.
    for (const [rank, lost] of [
      [4, 0],
      [3, 1],
      [2, 5],
      [1, 14],
    ] as const) {
      const { left, right, relativeError } = factor(matrix, rows, columns, rank)
      assert.ok(Math.abs(relativeError - Math.sqrt(lost / 30)) < 1e-7)
      const near = product(left, right, rows, columns, rank)
      near.forEach((value, k) => {
        const [i, j] = [Math.floor(k / columns), k % columns]
        assert.ok(Math.abs(value - (i === j && i < rank ? 4 - i : 0)) < 1e-6)
      })
    }
  }
})

test('random matrices: the error stated is that of the product, and no worse than ml-matrix’s own decomposition', () => {
  const { below } = random(3)
  for (const [rows, columns, rank] of [
    [12, 30, 4],
    [40, 17, 9],
    [25, 25, 1],
  ] as const) {
    const matrix = matrixOf(rows, columns, () => below(2001) / 1000 - 1)
    const { left, right, relativeError } = factor(matrix, rows, columns, rank)
    const near = product(left, right, rows, columns, rank)
    const norm = (of: (k: number) => number) => Math.sqrt(matrix.reduce((sum, _, k) => sum + of(k) ** 2, 0))
    const measured = norm((k) => matrix[k]! - near[k]!) / norm((k) => matrix[k]!)
    assert.ok(Math.abs(measured - relativeError) < 1e-6)
    const nested = Array.from({ length: rows }, (_, i) => Array.from(matrix.subarray(i * columns, (i + 1) * columns)))
    const values = new SingularValueDecomposition(nested, { autoTranspose: true }).diagonal
    const least = Math.sqrt(values.slice(rank).reduce((sum, value) => sum + value ** 2, 0)) / norm((k) => matrix[k]!)
    assert.ok(Math.abs(relativeError - least) < 1e-7)
  }
})

test('a matrix of that rank loses nothing: both runtimes give the outputs of before', async () => {
  const graph = graphOf([24], [{ id: 'fc', type: 'Linear', outFeatures: 20 }])
  const [tall, wide] = [
    seededParameter(1, 'a', { name: 'w', shape: [20, 3], init: 'he', fanIn: 3, trainable: true }),
    seededParameter(2, 'b', { name: 'w', shape: [3, 24], init: 'he', fanIn: 24, trainable: true }),
  ]
  const weight = product(tall, wide, 20, 24, 3)
  const source: ReturnType<typeof seededSource> = (layerId, parameter) =>
    parameter.name === 'weight' ? weight : seededParameter(seed, layerId, parameter)
  const { graph: after, weights } = rewriteGraph(graph, [{ rewrite: 'lowRank', options: { rank: 3 } }])
  const values = weights.valuesFrom(source)
  assert.deepEqual(
    [weights.originOf('fc.down', 'weight'), weights.originOf('fc.up', 'weight'), weights.originOf('fc.up', 'bias')],
    ['derived', 'derived', 'derived'],
  )
  const inputs = inputsOf(graph, 2)
  const [before] = await runOnnx(graph, inputs, { batch: 2, parameterOf: source })
  const [onnx] = await runOnnx(after, inputs, { batch: 2, parameterOf: values })
  const [tfjs] = await runTfjs(after, inputs, { batch: 2, parameterOf: (id, parameter) => values(id, parameter)! })
  assert.ok(distance(onnx!, before!) < tolerance && distance(tfjs!, before!) < tolerance)
  const [approximation] = weights.approximations()
  assert.equal(approximation!.layerId, 'fc.up')
  assert.ok(approximation!.relativeError < 1e-6)
})

test('a matrix that would take too long is set up anew, which the plan says', () => {
  assert.equal(isFactorable(1000, 2048), true)
  assert.equal(isFactorable(4096, 25_088), false)
  const { weights } = rewriteGraph(presetGraph('vgg16'), [{ rewrite: 'lowRank', layers: ['classifier.0'] }])
  assert.equal(weights.originOf('classifier.0.down', 'weight'), 'new')
})

test('a share of the weights that is less than a rank of 1 has is refused with the least that does', () => {
  const graph = graphOf([24], [{ id: 'fc', type: 'Linear', outFeatures: 20 }])
  const factored = (keep: number) => rewriteGraph(graph, [{ rewrite: 'lowRank', options: { keep } }])
  // (24 + 20) / (24 · 20)
  assert.throws(() => factored(1e-300), /20×24 at rank 1 has more than 1e-300 of its weights: use a keep of at least 0\.091667/)
  assert.equal(factored(0.091667).graph.layers.find(({ id }) => id === 'fc.down')!.attributes.outFeatures, 1)
})
