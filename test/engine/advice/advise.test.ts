/** Advice on networks that the lecture (EECS 498-007 / 598-005, lecture 8) speaks of must say what a lecturer would. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { advise } from '../../../src/engine/advice/advise.ts'
import { findings } from '../../../src/engine/advice/index.ts'
import { defaultLimits } from '../../../src/engine/limits.ts'
import { presetGraph } from '../zoo-graphs.ts'

const folder = new URL('../../../src/engine/advice/', import.meta.url)

test('every file that defines a finding has its line in the index, and its row on the page', () => {
  const defining = readdirSync(folder).filter((name) => /= defineFinding\(/.test(readFileSync(new URL(name, folder), 'utf8')))
  assert.equal(defining.length, findings.length)
  const index = readFileSync(new URL('index.ts', folder), 'utf8')
  for (const name of defining) assert.ok(index.includes(`'./${name}'`), name)
  const page = readFileSync(new URL('../../../docs/advice.md', import.meta.url), 'utf8')
  for (const { name } of findings) assert.ok(page.includes(`| \`${name}\` |`), `docs/advice.md has no row of ${name}`)
})

for (const [preset, first] of [
  ['vgg16', 'classifier.0'],
  ['alexnet', 'classifier.1'],
] as const)
  test(`${preset}: memory in the early convolutions, parameters in the first fully connected layer, flops in the convolutions`, () => {
    const { findings: found, best } = advise(presetGraph(preset))
    const of = (name: string) => found.find((each) => each.name === name)!
    for (const name of ['memoryEarly', 'paramsFullyConnected', 'flopsConvolutions']) assert.equal(of(name).holds, true, name)
    assert.equal(of('paramsFullyConnected').layers[0], first)
    assert.equal(best.params, 'globalAveragePooling')
    assert.equal(best.macs, 'depthwiseSeparable')
  })

test('ResNet-50: the head is small already, its convolutions do the work, and nothing is said of a fully connected head', () => {
  const { findings: found, savings } = advise(presetGraph('resnet50'))
  const of = (name: string) => found.find((each) => each.name === name)!
  assert.equal(of('paramsFullyConnected').holds, false)
  assert.equal(of('paramsFullyConnected').statement, 'The one fully connected layer has 8 % of 25.6 M parameters.')
  assert.ok(Math.abs(of('paramsFullyConnected').share! - 2_049_000 / 25_557_032) < 1e-12)
  assert.equal(of('flopsConvolutions').holds, true)
  assert.equal(of('flopsLevel').holds, true)
  assert.ok(!savings.some(({ rewrite }) => rewrite === 'globalAveragePooling'))
  assert.ok(savings.some(({ rewrite }) => rewrite === 'depthwiseSeparable'))
})

test('layers below the ridge of a device are bound by memory; without ceilings nothing is said', () => {
  const graph = presetGraph('mobilenet_v2')
  assert.ok(!advise(graph).findings.some(({ name }) => name === 'memoryBound'))
  const at = (flopsPerSecond: number) =>
    advise(graph, { ceilings: { flopsPerSecond, bytesPerSecond: 1e12 } }).findings.find(({ name }) => name === 'memoryBound')!
  assert.ok(at(1e14).value > at(1e12).value)
  assert.ok(at(1e14).holds)
})

test('a rewrite whose result is past the limits is no advice', () => {
  const graph = presetGraph('alexnet')
  const advised = (maxLayers: number) => advise(graph, { limits: { ...defaultLimits, maxLayers } }).savings.map(({ rewrite }) => rewrite)
  // Depthwise separable convolutions are more layers; a pooled head is fewer.
  assert.ok(advised(10_000).includes('depthwiseSeparable'))
  assert.ok(!advised(graph.layers.length).includes('depthwiseSeparable'))
  assert.ok(advised(graph.layers.length).includes('globalAveragePooling'))
})
