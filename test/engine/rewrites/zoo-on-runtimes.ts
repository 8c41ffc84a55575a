/**
 * `npm run test:rewrites`: eleven rewrites of eleven networks of the zoo, each result exported and run by ONNX Runtime and by TF.js. The
 * two have to agree, exact rewrites with the network before as well. A minute or two, so that it is no part of the suite.
 */
import assert from 'node:assert/strict'
import { computeCosts } from '../../../src/engine/cost.ts'
import { rewriteGraph } from '../../../src/engine/rewrites/apply.ts'
import { seededSource } from '../../../src/engine/rewrites/weights.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'
import { distance, inputsOf, runOnnx, runTfjs, seed, tolerance } from '../run-graph.ts'

/** A network, small enough to be run by WebAssembly, and what is made of it. */
const cases: readonly { family: string; options: object; rewrite: string; settings?: Record<string, unknown>; layers?: string[] }[] = [
  { family: 'vgg', options: { resolution: 64 }, rewrite: 'globalAveragePooling' },
  { family: 'alexnet', options: {}, rewrite: 'stack3x3', layers: ['features.3'] },
  { family: 'resnet', options: { resolution: 64 }, rewrite: 'depthwiseSeparable' },
  { family: 'googlenet', options: { auxiliaryHeads: true, resolution: 224 }, rewrite: 'dropAuxiliaryClassifiers' },
  { family: 'squeezenet', options: { resolution: 64 }, rewrite: 'grouped', settings: { groups: 2, shuffle: true } },
  { family: 'mobilenet_v2', options: { resolution: 64 }, rewrite: 'foldBatchNorm' },
  { family: 'densenet', options: { resolution: 64 }, rewrite: 'lowRank', settings: { rank: 16 } },
  { family: 'mobilenet_v1', options: { resolution: 64 }, rewrite: 'scaleWidth', settings: { factor: 0.5 } },
  { family: 'mnasnet', options: { resolution: 64 }, rewrite: 'scaleResolution', settings: { factor: 0.75 } },
  { family: 'regnet', options: { resolution: 64 }, rewrite: 'scaleDepth', settings: { factor: 0.5 } },
  { family: 'efficientnet', options: { resolution: 64 }, rewrite: 'downsamplingRule' },
]

let failed = 0
console.log('| network | rewrite | multiply-adds before | after | apart, of the largest output |')
console.log('|---|---|---:|---:|---:|')
for (const { family, options, rewrite, settings, layers } of cases) {
  try {
    const graph = verifyGraph(expandZoo({ family, options }).spec)
    const {
      graph: after,
      steps,
      weights,
    } = rewriteGraph(graph, [{ rewrite, ...(settings ? { options: settings } : {}), ...(layers ? { layers } : {}) }])
    const parameterOf = weights.valuesFrom(seededSource(seed))
    const values: typeof parameterOf = (id, parameter) => parameterOf(id, parameter) ?? seededSource(seed)(id, parameter)
    const inputs = inputsOf(after, 1)
    const onnx = await runOnnx(after, inputs, { parameterOf: values })
    const tfjs = await runTfjs(after, inputs, { parameterOf: (id, parameter) => values(id, parameter)! })
    let apart = 0
    onnx.forEach((output, i) => {
      assert.ok(output.every(Number.isFinite) && output.some((value) => value !== 0), 'the output is not finite, or nothing')
      apart = Math.max(apart, distance(tfjs[i]!, output))
    })
    assert.ok(apart < tolerance, `the runtimes are ${apart} apart`)
    if (steps.every(({ exact }) => exact)) {
      const before = await runOnnx(graph, inputs, { parameterOf: seededSource(seed) })
      // One that drops outputs keeps the others.
      onnx.forEach((output, i) => {
        const same = before[graph.outputs.indexOf(after.outputs[i]!)]!
        assert.ok(distance(output, same) < tolerance, 'an exact rewrite changes the outputs')
      })
    }
    const [was, is] = [computeCosts(graph), computeCosts(after)].map(({ totals }) => totals.macs.toLocaleString('en-US'))
    console.log(`| ${family} | ${rewrite} | ${was} | ${is} | ${apart.toExponential(1)} |`)
  } catch (cause) {
    failed += 1
    console.log(`| ${family} | ${rewrite} | failed: ${(cause as Error).message} | | |`)
  }
}
process.exit(failed === 0 ? 0 : 1)
