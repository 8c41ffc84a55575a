import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareCosts } from '../../src/engine/compare-costs.ts'
import { diffGraphs, type LayerPair } from '../../src/engine/diff-graphs.ts'
import { additive } from '../../src/engine/rank-costs.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'

const preset = (name: string) => ({ name, graph: verifyGraph(expandZoo({ preset: name }).spec) })
const graphOf = (...layers: object[]) => verifyGraph({ input: { shape: [8, 16, 16] }, layers })
const conv = (id: string, outChannels: number, more = {}) => ({ id, type: 'Conv2d', outChannels, kernelSize: 3, padding: 1, ...more })
const relu = (id: string) => ({ id, type: 'ReLU' })
const said = (pairs: LayerPair[] | null) =>
  pairs!
    .filter(({ status }) => status !== 'same')
    .map(({ status, from, to, changes }) => `${status} ${from} ${to} ${changes.map(({ what }) => what).join(' ')}`.trim())

test('VGG-16 against AlexNet as the lecture has it: ×25 memory of the rows that multiply, ×2.3 parameters, ×19.4 flops', () => {
  const { networks, convention } = compareCosts([preset('alexnet_lecture'), preset('vgg16_lecture')])
  const [alexnet, vgg] = networks
  assert.equal(convention, 'lecture')
  assert.equal(Math.round(vgg!.ratios.multiplyingMemoryKiB!), 25)
  assert.equal((vgg!.totals.multiplyingMemoryKiB / 1024).toFixed(2), '48.65')
  assert.equal((alexnet!.totals.multiplyingMemoryKiB / 1024).toFixed(2), '1.91')
  assert.equal(vgg!.ratios.params!.toFixed(1), '2.3')
  // 19.4 is the quotient of the lecture's two rounded bars, 13.6 and 0.7 Gflop; of the exact counts it is 19.0.
  const bar = (macs: number) => Math.round(macs / 1e8) / 10
  assert.equal((bar(vgg!.totals.macs) / bar(alexnet!.totals.macs)).toFixed(1), '19.4')
  assert.equal(vgg!.ratios.macs!.toFixed(1), '19.0')
  assert.ok(Object.values(alexnet!.ratios).every((ratio) => ratio === 1))
})

test('a network against itself: every layer the same, no difference', () => {
  const { diff } = compareCosts([preset('shufflenet_v2_x1_0'), preset('shufflenet_v2_x1_0')])
  assert.deepEqual([diff!.same, diff!.changed, diff!.added, diff!.removed], [preset('shufflenet_v2_x1_0').graph.layers.length, 0, 0, 0])
  assert.ok(additive.every((column) => diff!.difference[column] === 0))
})

test('the paper’s VGG-16 against the lecture’s: one convolution and its ReLU more, whatever the layers are called', () => {
  // The presets come from two sources and share no layer's name.
  const { diff, networks } = compareCosts([preset('vgg16_lecture'), preset('vgg16')])
  const convs = diff!.layers.filter(({ type }) => type === 'Conv2d')
  assert.deepEqual(
    convs.map(({ status }) => status),
    ['added'],
  )
  assert.equal(convs[0]!.difference.macs, 256 * 56 * 56 * 256 * 9)
  for (const column of additive) assert.equal(diff!.difference[column], networks[1]!.totals[column] - networks[0]!.totals[column])
})

test('ResNet-34 against ResNet-18: its eight more blocks are added, nothing is changed', () => {
  const { diff } = compareCosts([preset('resnet18'), preset('resnet34')])
  const blocks = new Set(diff!.layers.map(({ to }) => to!.split('.').slice(0, 2).join('.')))
  assert.deepEqual([diff!.changed, diff!.removed, diff!.added], [0, 0, 8 * 7])
  assert.equal(blocks.size, 8)
})

test('what a pull request does: a wider layer, a layer more, another name, another origin', () => {
  const base = graphOf(conv('a', 8), relu('b'), conv('c', 8), relu('d'))
  // Renamed: found by what it is.
  assert.deepEqual(said(diffGraphs(base, graphOf(conv('x', 8), relu('y'), conv('z', 8), relu('w')))), [])
  // Wider: the layers behind it read another shape.
  assert.deepEqual(said(diffGraphs(base, graphOf(conv('a', 8), relu('b'), conv('c', 12), relu('d')))), [
    'changed c c outChannels outputShape',
    'changed d d inputShape outputShape',
  ])
  // A layer put between: the one behind it is not called changed.
  assert.deepEqual(said(diffGraphs(base, graphOf(conv('a', 8), { id: 'n', type: 'BatchNorm2d' }, relu('b'), conv('c', 8), relu('d')))), [
    'added null n',
  ])
  assert.deepEqual(said(diffGraphs(graphOf(conv('a', 8), { id: 'n', type: 'BatchNorm2d' }, relu('b')), graphOf(conv('a', 8), relu('b')))), [
    'removed n null',
  ])
  // The same layers, wired in another way.
  const sum = (inputs: string[]) => graphOf(conv('a', 8), conv('b', 8), { id: 's', type: 'Add', inputs })
  assert.deepEqual(said(diffGraphs(sum(['b', 'a']), sum(['b', 'input']))), ['changed s s inputs'])
})

test('of two sequences the alignment of the highest sum is taken: no other pairing of small networks is worth more', () => {
  // All pairings in order, by recursion: what the table of the alignment must not fall short of.
  const kinds = [conv('', 8), conv('', 8, { kernelSize: 1, padding: 0 }), relu('')]
  let seed = 7
  const random = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
  const name = (layers: object[], letter: string) => layers.map((layer, i) => ({ ...layer, id: `${letter}${i}` }))
  for (let round = 0; round < 60; round++) {
    const [one, other] = ['a', 'b'].map((letter) =>
      name(
        Array.from({ length: 1 + random(6) }, () => kinds[random(3)]!),
        letter,
      ),
    )
    const [a, b] = [graphOf(...one!), graphOf(...other!)]
    // Shapes are all alike here, ids all different: 4 for the op, 3 for attributes, 3 and 2 for shapes.
    const worth = (i: number, j: number) => {
      const [x, y] = [a.layers[i]!, b.layers[j]!]
      if (x.type !== y.type) return 0
      return 9 + (JSON.stringify(x.attributes) === JSON.stringify(y.attributes) ? 3 : 0)
    }
    const best = (i: number, j: number): number =>
      i === a.layers.length || j === b.layers.length
        ? 0
        : Math.max(best(i + 1, j), best(i, j + 1), worth(i, j) > 0 ? worth(i, j) + best(i + 1, j + 1) : 0)
    const at = (layers: readonly { id: string }[], id: string) => layers.findIndex((layer) => layer.id === id)
    const pairs = diffGraphs(a, b)!
    const found = pairs.reduce((n, { from, to }) => (from === null || to === null ? n : n + worth(at(a.layers, from), at(b.layers, to))), 0)
    assert.equal(found, best(0, 0))
    assert.equal(pairs.filter(({ from }) => from !== null).length, a.layers.length)
    assert.equal(pairs.filter(({ to }) => to !== null).length, b.layers.length)
  }
})

test('a layer that differs in the type of its numbers alone is changed in what they weigh, and not in how many there are', () => {
  const typed = (type: string) =>
    verifyGraph({
      input: { shape: [8, 16, 16], dtype: type },
      layers: [{ ...conv('a', 8, { bias: false }), dtypes: { output: type, params: { weight: type } } }],
    })
  const { diff } = compareCosts([
    { name: 'float32', graph: typed('float32') },
    { name: 'float16', graph: typed('float16') },
  ])
  const [layer] = diff!.layers
  assert.deepEqual(
    layer!.changes.map(({ what }) => what),
    ['memoryKiB', 'bytesRead', 'bytesWritten'],
  )
  // 8 channels of 16×16 and 576 weights, at four bytes and at two.
  assert.deepEqual([layer!.difference.params, layer!.difference.bytesRead], [0, -2 * (8 * 256 + 576)])
  assert.deepEqual(layer!.changes[0], { what: 'memoryKiB', from: '8', to: '4' })
})
