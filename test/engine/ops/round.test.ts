import assert from 'node:assert/strict'
import { test } from 'node:test'
import { round } from '../../../src/engine/ops/round.ts'
import { graphOf, runOnnx, runTfjs } from '../run-graph.ts'
import { activation } from './table.ts'

activation(round, { comparisons: 1 })

test('halves go to the even neighbor, in both runtimes', async () => {
  const graph = graphOf([6], [{ type: 'Round' }])
  const inputs = { input: Float32Array.of(-1.5, -0.5, 0.5, 1.5, 2.5, 2.6) }
  for (const [y] of [await runOnnx(graph, inputs), await runTfjs(graph, inputs)])
    assert.deepEqual(
      Array.from(y!, (value) => value + 0),
      [-2, 0, 0, 2, 2, 3],
    )
})
