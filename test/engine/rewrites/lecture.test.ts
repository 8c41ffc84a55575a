/**
 * What papers and the lecture (EECS 498-007 / 598-005, lecture 8) say of these changes, and networks that others publish and
 * that a rewrite must arrive at: their figures are torchvision's documentation, not ours.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import type { Graph } from '../../../src/engine/graph.ts'
import { type RecipeStep, rewriteGraph } from '../../../src/engine/rewrites/apply.ts'
import { previewRewrite } from '../../../src/engine/rewrites/preview.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'
import { graphOf } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'

const counts = (graph: Graph) => {
  const { params, macs } = computeCosts(graph).totals
  return { params, macs }
}
const rewritten = (graph: Graph, ...recipe: RecipeStep[]): Graph => rewriteGraph(graph, recipe).graph
const gmacs = (macs: number): number => Math.round(macs / 1e6) / 1e3

test('5×5 on C channels has 25·C² weights, two 3×3 have 18·C² and see the same 5×5', () => {
  for (const C of [16, 64, 256]) {
    const graph = graphOf([C, 32, 32], [{ id: 'conv', type: 'Conv2d', outChannels: C, kernelSize: 5, padding: 2, bias: false }])
    const result = rewriteGraph(graph, [{ rewrite: 'stack3x3' }])
    const preview = previewRewrite(graph, result)
    assert.equal(preview.before.params, 25 * C * C)
    assert.equal(preview.after.params, 18 * C * C)
    assert.equal(preview.difference.macs, -7 * C * C * 32 * 32)
    assert.equal(preview.receptiveField.kept, true)
    assert.deepEqual(preview.receptiveField.after[0]!.receptiveField, [5, 5])
    assert.deepEqual(preview.weights, { kept: 0, derived: 0, new: 18 * C * C })
  }
})

test('7×7 becomes three 3×3: 27·C² for 49·C²; an odd padding and a stride stay where they were', () => {
  const C = 32
  for (const [padding, stride] of [
    [3, 1],
    [2, 2],
    [0, 1],
    [[4, 1, 0, 5], 3],
    ['same', 2],
  ] as const) {
    const graph = graphOf([C, 30, 31], [{ id: 'c', type: 'Conv2d', outChannels: C, kernelSize: 7, padding, stride, bias: false }])
    const after = rewritten(graph, { rewrite: 'stack3x3', layers: ['c'] })
    const [a, b] = [computeCosts(graph), computeCosts(after)]
    assert.equal(b.totals.params, 27 * C * C)
    assert.deepEqual(b.layers.at(-1)!.outputShape, a.layers[0]!.outputShape, `padding ${padding}`)
    assert.deepEqual(b.layers.at(-1)!.receptiveField, [7, 7])
    assert.deepEqual(b.layers.at(-1)!.effectiveStride, [stride, stride])
  }
})

test('two 3×3 on C channels cost 18·C², a bottleneck of four times the channels 17·C² a position', () => {
  const C = 64
  const graph = graphOf(
    [C, 8, 8],
    [
      { id: 'stem', type: 'Conv2d', outChannels: C, kernelSize: 1, bias: false },
      { id: 'conv1', type: 'Conv2d', outChannels: C, kernelSize: 3, padding: 1, bias: false },
      { id: 'relu', type: 'ReLU' },
      { id: 'conv2', type: 'Conv2d', outChannels: C, kernelSize: 3, padding: 1, bias: false },
      { id: 'add', type: 'Add', inputs: ['conv2', 'stem'] },
      { id: 'conv3', type: 'Conv2d', outChannels: C, kernelSize: 3, padding: 1, bias: false },
      { id: 'relu3', type: 'ReLU' },
      { id: 'conv4', type: 'Conv2d', outChannels: C, kernelSize: 3, padding: 1, bias: false },
      { id: 'add2', type: 'Add', inputs: ['conv4', 'add'] },
    ],
  )
  const second = (costs: ReturnType<typeof computeCosts>, first: RegExp) =>
    costs.layers.filter(({ id }) => first.test(id)).reduce((sum, { macs }) => sum + macs, 0)
  assert.equal(second(computeCosts(graph), /^conv[34]/), 18 * C * C * 64)
  // The second block reads four times the channels already, as all but the first do.
  assert.equal(second(computeCosts(rewritten(graph, { rewrite: 'bottleneck' })), /^conv3/), 17 * C * C * 64)
})

test('ResNet-34 with bottlenecks is ResNet-50', () => {
  assert.deepEqual(counts(rewritten(presetGraph('resnet34'), { rewrite: 'bottleneck' })), counts(presetGraph('resnet50')))
  const { params, macs } = counts(rewritten(presetGraph('resnet34'), { rewrite: 'bottleneck' }))
  assert.deepEqual([params, gmacs(macs)], [25_557_032, 4.089])
})

test('ResNet-50 in 32 paths of equal cost is ResNeXt-50 32×4d', () => {
  const after = counts(rewritten(presetGraph('resnet50'), { rewrite: 'resnext' }))
  assert.deepEqual([after.params, gmacs(after.macs)], [25_028_904, 4.23])
  assert.ok(Math.abs(after.params / 25_557_032 - 1) < 0.03 && Math.abs(after.macs / 4.089e9 - 1) < 0.04)
  // Table 2 of the paper: the widths at which a bottleneck of 256 channels keeps its cost.
  for (const [groups, width] of [
    [2, 40],
    [4, 24],
    [8, 14],
    [32, 4],
  ] as const) {
    const graph = rewritten(presetGraph('resnet50'), { rewrite: 'resnext', options: { groups } })
    const middle = graph.layers.find(({ id }) => id === 'layer1.1.conv2')!
    assert.deepEqual([middle.attributes.groups, middle.attributes.outChannels], [groups, groups * width])
  }
})

test('VGG-16 with its batch normalization folded is VGG-16, and half as deep it is VGG-11', () => {
  const { params, macs } = counts(rewritten(presetGraph('vgg16_bn'), { rewrite: 'foldBatchNorm' }))
  assert.deepEqual([params, gmacs(macs)], [138_357_544, 15.47])
  const shallow = counts(rewritten(presetGraph('vgg16'), { rewrite: 'scaleDepth' }))
  assert.deepEqual([shallow.params, gmacs(shallow.macs)], [132_863_336, 7.609])
})

test('VGG-16 without its fully connected head has the 14,714,688 parameters of Keras’s include_top=False, and a classifier of 512×1000', () => {
  const after = rewritten(presetGraph('vgg16'), { rewrite: 'globalAveragePooling' })
  assert.equal(counts(after).params, 14_714_688 + 512 * 1000 + 1000)
})

test('half the resolution, twice the channels: VGG-16 breaks the rule in its last stage alone, and mended its stages cost the same', () => {
  const result = rewriteGraph(presetGraph('vgg16'), [{ rewrite: 'downsamplingRule' }])
  assert.deepEqual(result.steps[0]!.applied.length, 1)
  const { layers } = computeCosts(result.graph)
  const at = (side: number) =>
    layers.filter(({ type, outputShape }) => type === 'Conv2d' && outputShape[1] === side).map(({ macs }) => macs)
  // The three convolutions of each stage: C → 2C, then 2C → 2C twice, on a quarter of the positions.
  assert.deepEqual(at(14), at(28))
  assert.deepEqual(at(28), at(56))
  assert.deepEqual(
    layers.filter(({ outputShape }) => outputShape[1] === 14).map(({ outputShape }) => outputShape[0]),
    layers.filter(({ outputShape }) => outputShape[1] === 14).map((_, i) => (i === 0 ? 512 : 1024)),
  )
  // Once mended there is nothing left to change.
  assert.throws(() => rewriteGraph(result.graph, [{ rewrite: 'downsamplingRule' }]), /nothing to change/)
})

test('ResNets and MobileNet v1 follow the rule; a stage of an eighth of its channels is found, and given them back', () => {
  for (const preset of ['resnet18', 'resnet50', 'resnext50_32x4d', 'mobilenet_v1'])
    assert.throws(() => rewriteGraph(presetGraph(preset), [{ rewrite: 'downsamplingRule' }]), /as the rule wants|nothing to change/, preset)
  const conv = (id: string, outChannels: number, stride = 1) => ({ id, type: 'Conv2d', outChannels, kernelSize: 3, padding: 1, stride })
  const network = (third: number) =>
    graphOf(
      [3, 32, 32],
      [
        conv('a', 16),
        conv('b', 16),
        conv('c', 32, 2),
        conv('d', 32),
        conv('e', third, 2),
        conv('f', third),
        conv('g', 128, 2),
        { id: 'pool', type: 'GlobalAvgPool2d' },
        { id: 'flat', type: 'Flatten' },
        { id: 'fc', type: 'Linear', outFeatures: 10 },
      ],
    )
  assert.deepEqual(counts(rewritten(network(8), { rewrite: 'downsamplingRule' })), counts(network(64)))
})

test('GoogLeNet without its auxiliary classifiers has the 6,624,904 parameters that torchvision documents', () => {
  const training = verifyGraph(expandZoo({ preset: 'googlenet', options: { auxiliaryHeads: true } }).spec)
  const result = rewriteGraph(training, [{ rewrite: 'dropAuxiliaryClassifiers' }])
  assert.equal(counts(training).params, 13_004_888)
  assert.deepEqual(counts(result.graph), { params: 6_624_904, macs: 1_498_376_192 })
  assert.deepEqual(result.steps[0]!.applied.sort(), ['aux1.fc2', 'aux2.fc2'])
})

test('MobileNet at width 0.75 has 2.6 M parameters and 325 M multiply-adds, at a resolution of 160 there are 290 M (tables 6 and 7)', () => {
  const narrow = counts(rewritten(presetGraph('mobilenet_v1'), { rewrite: 'scaleWidth', options: { factor: 0.75 } }))
  assert.deepEqual([Math.round(narrow.params / 1e5), Math.round(narrow.macs / 1e6)], [26, 325])
  const small = counts(rewritten(presetGraph('mobilenet_v1'), { rewrite: 'scaleResolution', options: { factor: 160 / 224 } }))
  assert.equal(Math.round(small.params / 1e5), 42)
  assert.ok(Math.abs(small.macs / 290e6 - 1) < 0.005, `${small.macs}`)
})

test('a depthwise separable convolution costs 1/N + 1/k² of the convolution (MobileNets, section 3.1)', () => {
  const [M, N, k] = [128, 256, 3]
  const graph = graphOf(
    [M, 14, 14],
    [{ type: 'ReLU' }, { id: 'conv', type: 'Conv2d', outChannels: N, kernelSize: k, padding: 1, bias: false }],
  )
  const before = counts(graph).macs
  const after = counts(rewritten(graph, { rewrite: 'depthwiseSeparable' })).macs
  assert.ok(Math.abs(after / before - (1 / N + 1 / (k * k))) < 1e-12)
})

test('a fully connected layer of rank r has r·(in + out) weights; AlexNet’s head keeps its biases', () => {
  const rank = 256
  const result = rewriteGraph(presetGraph('alexnet_lecture'), [{ rewrite: 'lowRank', options: { rank }, layers: ['fc6'] }])
  const layers = computeCosts(result.graph).layers
  const of = (id: string) => layers.find((layer) => layer.id === id)!.params
  assert.deepEqual([of('fc6.down'), of('fc6.up')], [rank * 9216, rank * 4096 + 4096])
  assert.equal(result.weights.originOf('fc6.up', 'bias'), 'derived')
  assert.equal(result.weights.originOf('fc6.up', 'weight'), 'new')
})
