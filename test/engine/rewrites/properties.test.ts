/** Laws of every rewrite over random networks and the zoo: what it claims is what a recount gives, and the result runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { EngineError } from '../../../src/engine/errors.ts'
import { type Graph, graphToJson } from '../../../src/engine/graph.ts'
import { inferShapes } from '../../../src/engine/infer.ts'
import { type Rewritten, rewriteGraph } from '../../../src/engine/rewrites/apply.ts'
import { rewrites } from '../../../src/engine/rewrites/index.ts'
import { previewRewrite } from '../../../src/engine/rewrites/preview.ts'
import { seededSource } from '../../../src/engine/rewrites/weights.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { distance, inputsOf, runOnnx, runTfjs, seed, tolerance } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'
import { randomNetwork } from './random-network.ts'

const networks = Array.from({ length: 40 }, (_, i) => randomNetwork(i + 1))

/** Options that suit networks this small; the defaults otherwise. */
const optionsOf: Readonly<Record<string, Record<string, unknown>>> = { resnext: { groups: 2 } }
const step = (rewrite: string) => ({ rewrite, options: optionsOf[rewrite] ?? {} })

/** What a rewrite makes of a network, or null where it does not apply, which it must say why. */
function tried(graph: Graph, rewrite: string): Rewritten | null {
  try {
    return rewriteGraph(graph, [step(rewrite)])
  } catch (cause) {
    assert.ok(cause instanceof EngineError && cause.code === 'REWRITE_NOT_APPLICABLE', `${rewrite}: ${cause}`)
    assert.ok(cause.message.length > 40)
    return null
  }
}

/** Recounts both networks and holds the preview to it. */
function check(graph: Graph, result: Rewritten): void {
  const preview = previewRewrite(graph, result)
  const [before, after] = [computeCosts(graph), computeCosts(verifyGraph(graphToJson(result.graph)))]
  for (const name of ['params', 'macs', 'flops', 'memoryKiB'] as const) {
    const claimed = preview.layers.reduce((sum, { before: b, after: a }) => sum + (a?.[name] ?? 0) - (b?.[name] ?? 0), 0)
    assert.ok(Math.abs(claimed - (after.totals[name] - before.totals[name])) < 1e-6)
    assert.ok(Math.abs(preview.difference[name] - claimed) < 1e-6)
  }
  const { kept, derived, new: fresh } = preview.weights
  assert.equal(kept + derived + fresh, after.totals.params + after.totals.buffers)
  const sizes = (of: Graph) =>
    inferShapes(of)
      .filter(({ layer }) => of.outputs.includes(layer.id))
      .map(({ outputs }) => String(outputs[0]))
  const [from, to] = [sizes(graph), sizes(result.graph)]
  if (to.length === from.length) assert.deepEqual(to, from)
  if (preview.exact && preview.weights.new > 0) assert.fail('an exact rewrite made new weights')
  for (const { change, before: b, after: a } of preview.layers)
    assert.equal(change, b === null ? 'added' : a === null ? 'removed' : change === 'kept' ? 'kept' : 'changed')
}

for (const { name } of rewrites)
  test(`${name}: over random networks and a network of each family shapes fit, outputs stay, and the claim is the recount`, () => {
    const applied = networks.filter((graph) => {
      const result = tried(graph, name)
      if (result) check(graph, result)
      return result !== null
    })
    assert.ok(applied.length >= 5, `it applied to ${applied.length} of ${networks.length} random networks`)
    for (const { presets } of families) {
      const graph = presetGraph(Object.keys(presets)[0] as string)
      const result = tried(graph, name)
      if (result) check(graph, result)
    }
  })

test('rewrites compose: three in a row on random networks, each counted from the network before', () => {
  const recipes = [
    ['foldBatchNorm', 'depthwiseSeparable', 'globalAveragePooling'],
    ['batchNormForLrn', 'foldBatchNorm', 'grouped'],
    ['scaleDepth', 'scaleWidth', 'lowRank'],
  ]
  let composed = 0
  for (const graph of networks)
    for (const names of recipes) {
      const possible = names.filter((name) => tried(graph, name))
      const composedOf = (steps: string[]): Rewritten | null => {
        try {
          return rewriteGraph(graph, steps.map(step))
        } catch (cause) {
          // A step may take away what the next one needs.
          assert.ok(cause instanceof EngineError && cause.code === 'REWRITE_NOT_APPLICABLE', String(cause))
          return null
        }
      }
      const result = composedOf(possible)
      if (!result) continue
      check(graph, result)
      const alone = possible.reduce((current, rewrite) => rewriteGraph(current, [step(rewrite)]).graph, graph)
      assert.deepEqual(graphToJson(result.graph), graphToJson(alone))
      composed += Number(possible.length === 3)
    }
  assert.ok(composed >= 10, `${composed}`)
})

for (const { name } of rewrites)
  test(`${name}: the result is exported and runs, on ONNX Runtime and TF.js alike`, async () => {
    let ran = 0
    for (const graph of networks) {
      if (ran === 2) break
      const result = tried(graph, name)
      if (!result) continue
      ran++
      const inputs = inputsOf(result.graph, 1)
      const [onnx, tfjs] = [await runOnnx(result.graph, inputs), await runTfjs(result.graph, inputs)]
      onnx.forEach((output, i) => {
        assert.ok(output.every(Number.isFinite) && output.some((value) => value !== 0))
        assert.ok(distance(tfjs[i]!, output) < tolerance, `${distance(tfjs[i]!, output)}`)
      })
    }
    assert.equal(ran, 2)
  })

test('an exact rewrite gives the outputs of the network before to 1e-5, on both runtimes', async () => {
  let folded = 0
  for (const graph of networks.slice(0, 14)) {
    const result = tried(graph, 'foldBatchNorm')
    if (!result) continue
    folded++
    const values = result.weights.valuesFrom(seededSource(seed))
    const inputs = inputsOf(graph, 2)
    const before = await runOnnx(graph, inputs, { batch: 2 })
    const after = await runOnnx(result.graph, inputs, { batch: 2, parameterOf: values })
    const other = await runTfjs(result.graph, inputs, {
      batch: 2,
      parameterOf: (id, parameter) => values(id, parameter) ?? seededParameter(seed, id, parameter),
    })
    before.forEach((output, i) => {
      assert.ok(distance(after[i]!, output) < 1e-5, `${distance(after[i]!, output)}`)
      assert.ok(distance(other[i]!, output) < 1e-5)
    })
    // Without the folding the outputs are far off: the comparison sees a difference where there is one.
    assert.ok(distance((await runOnnx(result.graph, inputs, { batch: 2 }))[0]!, before[0]!) > 1e-3)
  }
  assert.ok(folded >= 5)
})
