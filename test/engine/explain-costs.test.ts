import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conventions } from '../../src/engine/conventions/index.ts'
import { computeCosts } from '../../src/engine/cost.ts'
import { explainCosts } from '../../src/engine/explain-costs.ts'
import type { Graph } from '../../src/engine/graph.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { families } from '../../src/engine/zoo/index.ts'
import { random } from './random.ts'
import { graphOf } from './zoo/reference.ts'

const names = conventions.map(({ name }) => name)
/** One preset a family. */
const presets = families.map((family) => Object.keys(family.presets)[0]!)

/** Items of every pair of conventions against totals and rows counted apart, one convention at a time. */
function checkItems(graph: Graph, name: string, options: { batch?: number } = {}): void {
  const costs = new Map(names.map((convention) => [convention, computeCosts(graph, { ...options, convention })]))
  for (const from of names)
    for (const to of names) {
      const { items, totals: said } = explainCosts(graph, { ...options, from, to })
      const [one, other] = [costs.get(from)!, costs.get(to)!]
      const [a, b] = [one.totals.flops, other.totals.flops]
      assert.deepEqual(said, { from: a, to: b, difference: b - a }, `${name} ${from} ${to}`)
      const sum = { from: 0, to: 0, difference: 0 }
      for (const item of items) {
        assert.equal(item.difference, item.to - item.from)
        const rows = one.layers.flatMap(({ type }, i) => (type === item.type ? [i] : []))
        assert.equal(item.layers, rows.length)
        assert.equal(
          item.difference,
          rows.reduce((total, i) => total + other.layers[i]!.flops - one.layers[i]!.flops, 0),
        )
        for (const column of ['from', 'to', 'difference'] as const) sum[column] += item[column]
      }
      assert.deepEqual(sum, said, `${name} ${from} ${to}`)
      assert.equal(new Set(items.map(({ type }) => type)).size, items.length)
    }
}

test('items sum exactly to the difference of the totals, for every pair of conventions and a preset of every family', () => {
  for (const preset of presets) checkItems(graphOf({ preset }), preset)
})

/** Layers of every kind one after the other, with joins, on maps that shrink; a classifier at its end. */
function randomGraph(seed: number): Graph {
  const r = random(seed)
  const attributes: (() => Record<string, unknown>)[] = [
    () => ({
      type: 'Conv2d',
      outChannels: 4,
      kernelSize: 1 + 2 * r.below(2),
      padding: 1,
      groups: r.pick([1, 2, 4]),
      bias: r.below(2) === 1,
    }),
    () => ({ type: 'BatchNorm2d', affine: r.below(2) === 1 }),
    () => ({ type: 'ReLU', functional: r.below(2) === 1 }),
    () => ({ type: r.pick(['ReLU6', 'GELU', 'SiLU', 'Sigmoid', 'Tanh', 'HardSwish', 'HardSigmoid', 'Dropout', 'Identity']) }),
    () => ({ type: r.pick(['MaxPool2d', 'AvgPool2d']), kernelSize: 2, stride: 1, padding: r.below(2) }),
    () => ({ type: 'AdaptiveAvgPool2d', outputSize: [3 + r.below(9), 3 + r.below(9)], functional: r.below(2) === 1 }),
    () => ({ type: 'LocalResponseNorm', size: 1 + r.below(5) }),
    () => ({ type: 'Softmax', dim: 1 + r.below(3) }),
  ]
  const layers: Record<string, unknown>[] = []
  for (let i = 0; i < 24; i++) {
    layers.push({ id: `l${i}`, ...r.pick(attributes)() })
    // A join reads the layer twice: shapes always meet.
    if (r.below(3) === 0) layers.push({ id: `j${i}`, type: r.pick(['Add', 'Mul']), inputs: [`l${i}`, `l${i}`] })
  }
  layers.push({ type: r.pick(['GlobalAvgPool2d', 'Identity']) }, { type: 'Flatten' }, { type: 'Linear', outFeatures: 7 })
  return verifyGraph({ input: { shape: [4, 12 + r.below(8), 12 + r.below(8)] }, layers })
}

test('and for every pair of conventions over random graphs, batches included', () => {
  for (let seed = 1; seed <= 40; seed++) checkItems(randomGraph(seed), `seed ${seed}`, { batch: 1 + (seed % 4) })
})

test('the way back is the way there with the sign changed', () => {
  const graph = graphOf({ preset: 'densenet121' })
  const there = explainCosts(graph, { from: 'thop', to: 'lecture' })
  const back = explainCosts(graph, { from: 'lecture', to: 'thop' })
  assert.equal(back.totals.difference, -there.totals.difference)
  assert.deepEqual(
    back.items.map(({ type, difference }) => [type, difference]),
    there.items.map(({ type, difference }) => [type, 0 - difference]),
  )
})

test('ResNet-50 from thop to lecture: batch norm, pooling of either kind, and nothing else', () => {
  const { items, totals, uncounted } = explainCosts(graphOf({ preset: 'resnet50' }), { from: 'thop', to: 'lecture' })
  // thop's own total; 4,089,184,256 multiply-adds, 64×56×56 windows of 3×3, and 2048×7×7 elements pooled once.
  assert.deepEqual([totals.from, totals.to], [4_133_742_592, 4_089_184_256 + 64 * 56 * 56 * 9 + 2048 * 49])
  assert.deepEqual(
    items.map(({ type, layers, difference }) => [type, layers, difference]),
    [
      ['BatchNorm2d', 53, -44_455_936],
      ['MaxPool2d', 1, 1_806_336],
      ['AdaptiveAvgPool2d', 1, -2048],
      ['Conv2d', 53, 0],
      ['Linear', 1, 0],
    ],
  )
  assert.equal(items[0]!.why, 'thop counts 4 per element, 2 without scale and shift (`affine: false`); lecture counts nothing.')
  assert.match(items[3]!.why, /^Both count output elements/)
  assert.deepEqual(uncounted, [])
})

test('every item says why, in one sentence that names both conventions where they differ', () => {
  for (const preset of ['googlenet', 'mobilenet_v3_small', 'alexnet_2012'])
    for (const from of names)
      for (const to of names)
        for (const { why, difference, type } of explainCosts(graphOf({ preset }), { from, to }).items) {
          assert.match(why, /^[^.]+(\.[^ .][^.]*)*\.$/, why)
          if (difference !== 0) assert.ok(why.includes(`${from} counts`) && why.includes(`${to} counts`), `${type}: ${why}`)
        }
})

test('batch and resolution are those of the costs', () => {
  const graph = graphOf({ preset: 'resnet18' })
  const options = { batch: 3, resolution: [160, 192] as const }
  const { totals, inputs, batch } = explainCosts(graph, { from: 'full', to: 'fvcore', ...options })
  assert.deepEqual([batch, inputs], [3, [{ id: 'input', shape: [3, 160, 192] }]])
  assert.equal(totals.to, computeCosts(graph, { ...options, convention: 'fvcore' }).totals.flops)
  assert.throws(() => explainCosts(graph, { from: 'fvcore', to: 'fvcor' }), { code: 'UNKNOWN_CONVENTION' })
})
