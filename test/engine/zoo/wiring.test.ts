import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Layer } from '../../../src/engine/graph.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { graphOf, onnxFiles } from './reference.ts'

/**
 * What no count sees: constants, and which tensor goes where. Facts of torchvision 0.24's models, and of the papers where
 * torchvision has no such network.
 */
const layersOf = (preset: string): Map<string, Layer> => new Map(graphOf({ preset }).layers.map((layer) => [layer.id, layer]))

/** Ported from TensorFlow, and of EfficientNet the three largest and v2. */
const thousandth = /^(googlenet|inception|mobilenet_v[13]|nasnet|efficientnet_(b[567]|v2))/

test('batch normalization’s epsilon: 0.001 in networks ported from TensorFlow, PyTorch’s 1e-5 elsewhere', () => {
  for (const family of families)
    for (const preset of Object.keys(family.presets))
      for (const { id, type, attributes } of layersOf(preset).values())
        if (type === 'BatchNorm2d') assert.equal(attributes.eps, thousandth.test(preset) ? 0.001 : 1e-5, `${preset} ${id}`)
})

test('local response normalization: the 2012 paper’s constants, and Caffe’s GoogLeNet’s', () => {
  // The paper: k = 2, n = 5, α = 1e-4 on the sum, β = 0.75. PyTorch's alpha is on the mean of the n, so it is 5e-4.
  const alexnet = layersOf('alexnet_2012')
  for (const id of ['norm1', 'norm2']) assert.deepEqual({ ...alexnet.get(id)!.attributes }, { size: 5, alpha: 5e-4, beta: 0.75, k: 2 })
  // bvlc_googlenet: local_size 5, alpha 1e-4 (Caffe's is on the mean as well), beta 0.75, k 1; after pool1, before pool2.
  const googlenet = layersOf('googlenet_2014')
  for (const id of ['norm1', 'norm2']) assert.deepEqual({ ...googlenet.get(id)!.attributes }, { size: 5, alpha: 1e-4, beta: 0.75, k: 1 })
  assert.deepEqual([googlenet.get('norm1')!.inputs, googlenet.get('maxpool2')!.inputs], [['maxpool1'], ['norm2']])
})

test('ShuffleNet v2: the first half passes, the second is worked on, both are shuffled in two groups', () => {
  const layers = layersOf('shufflenet_v2_x1_0')
  const shuffles = [...layers.values()].filter(({ type }) => type === 'ChannelShuffle')
  assert.equal(shuffles.length, 16)
  for (const { id, inputs, attributes } of shuffles) {
    const unit = id.replace('.shuffle', '')
    assert.equal(attributes.groups, 2)
    assert.deepEqual(inputs, [`${unit}.concat`])
    const first = unit.endsWith('.0')
    assert.deepEqual(layers.get(`${unit}.concat`)!.inputs, [first ? `${unit}.branch1.4` : `${unit}.split`, `${unit}.branch2.7`])
    if (!first) assert.deepEqual(layers.get(`${unit}.branch2.0`)!.inputs, [`${unit}.split:1`])
  }
})

test('GoogLeNet joins its branches in the paper’s order, 1×1, 3×3, 5×5, pooled; SqueezeNet 1×1 before 3×3', () => {
  const googlenet = [...layersOf('googlenet').values()].filter(({ type }) => type === 'Concat')
  assert.equal(googlenet.length, 9)
  for (const { id, inputs } of googlenet) {
    const name = id.replace('.concat', '')
    assert.deepEqual(
      inputs,
      ['branch1', 'branch2.1', 'branch3.1', 'branch4.1'].map((branch) => `${name}.${branch}.relu`),
    )
  }
  const squeezenet = [...layersOf('squeezenet1_1').values()].filter(({ type }) => type === 'Concat')
  assert.equal(squeezenet.length, 8)
  for (const { id, inputs } of squeezenet)
    assert.deepEqual(
      inputs,
      ['expand1x1', 'expand3x3'].map((half) => `${id.replace('.concat', '')}.${half}_activation`),
    )
})

test('a dense layer reads all before it, oldest first', () => {
  const layers = layersOf('densenet121')
  assert.deepEqual(layers.get('features.denseblock2.denselayer1.norm1')!.inputs, ['features.transition1.pool'])
  assert.deepEqual(layers.get('features.denseblock2.denselayer4.concat')!.inputs, [
    'features.transition1.pool',
    ...[1, 2, 3].map((n) => `features.denseblock2.denselayer${n}.conv2`),
  ])
  for (const [block, depth] of [6, 12, 24, 16].entries())
    assert.equal(layers.get(`features.denseblock${block + 1}.concat`)!.inputs.length, depth + 1)
})

test('a residual block activates after the addition, and MobileNet’s bottlenecks stay linear', () => {
  const resnet = layersOf('resnet50')
  assert.deepEqual(resnet.get('layer2.0.add')!.inputs, ['layer2.0.bn3', 'layer2.0.downsample.1'])
  assert.deepEqual(resnet.get('layer2.1.add')!.inputs, ['layer2.1.bn3', 'layer2.0.relu_2'])
  assert.deepEqual(resnet.get('layer2.1.relu_2')!.inputs, ['layer2.1.add'])
  for (const preset of ['mobilenet_v2', 'mobilenet_v3_large', 'mobilenet_v3_small']) {
    const layers = layersOf(preset)
    const adds = [...layers.values()].filter(({ type }) => type === 'Add')
    assert.ok(adds.length > 0)
    for (const { id, inputs } of adds)
      assert.ok(
        inputs.some((name) => name.startsWith(id.replace('.add', '.')) && layers.get(name)!.type === 'BatchNorm2d'),
        id,
      )
  }
})

for (const [preset, count, gate, activation] of [
  ['mobilenet_v3_large', 8, 'HardSigmoid', 'ReLU'],
  ['efficientnet_b0', 16, 'Sigmoid', 'SiLU'],
  ['efficientnet_v2_s', 30, 'Sigmoid', 'SiLU'],
  ['regnet_y_400mf', 16, 'Sigmoid', 'ReLU'],
] as const)
  test(`${preset}: a squeeze-and-excitation gate scales what it was pooled from`, () => {
    const layers = layersOf(preset)
    const gates = [...layers.values()].filter(({ type }) => type === 'Mul')
    assert.equal(gates.length, count)
    for (const { id, inputs } of gates) {
      const name = id.replace('.mul', '')
      assert.equal(inputs[0], `${name}.scale_activation`)
      assert.equal(layers.get(inputs[0]!)!.type, gate)
      assert.equal(layers.get(`${name}.activation`)!.type, activation)
      assert.deepEqual(layers.get(`${name}.avgpool`)!.inputs, [inputs[1]])
    }
  })

test('Inception v3 joins its branches in torchvision’s order, the pooled one last, and what it pools by functions is marked', () => {
  const layers = layersOf('inception_v3')
  const branches = (name: string) => layers.get(`${name}.concat`)!.inputs.map((id) => id.replace(`${name}.`, '').replace('.relu', ''))
  assert.deepEqual(branches('Mixed_5b'), ['branch1x1', 'branch5x5_2', 'branch3x3dbl_3', 'branch_pool'])
  assert.deepEqual(branches('Mixed_6a'), ['branch3x3', 'branch3x3dbl_3', 'max_pool2d'])
  assert.deepEqual(branches('Mixed_6c'), ['branch1x1', 'branch7x7_3', 'branch7x7dbl_5', 'branch_pool'])
  assert.deepEqual(branches('Mixed_7a'), ['branch3x3_2', 'branch7x7x3_4', 'max_pool2d'])
  assert.deepEqual(branches('Mixed_7c'), ['branch1x1', 'branch3x3.concat', 'branch3x3dbl.concat', 'branch_pool'])
  const pools = [...layers.values()].filter(({ type }) => /Pool2d$/.test(type))
  assert.deepEqual(
    pools.filter(({ attributes }) => attributes.functional !== true).map(({ id }) => id),
    ['maxpool1', 'maxpool2', 'avgpool'],
  )
})

test('ShuffleNet v1: shuffled between the grouped convolutions, the first of all not grouped, the shortcut pooled before it is joined', () => {
  const layers = layersOf('shufflenet_v1_g4')
  const groups = (id: string) => layers.get(id)!.attributes.groups
  assert.deepEqual(
    ['stage2.0.reduce.conv', 'stage2.0.expand.conv', 'stage2.1.reduce.conv', 'stage3.0.reduce.conv'].map(groups),
    [1, 4, 4, 4],
  )
  assert.deepEqual(layers.get('stage3.1.depthwise.conv')!.inputs, ['stage3.1.shuffle'])
  assert.deepEqual(layers.get('stage3.0.concat')!.inputs, ['stage3.0.shortcut', 'stage3.0.expand.bn'])
  assert.deepEqual(layers.get('stage3.1.add')!.inputs, ['stage3.0.relu', 'stage3.1.expand.bn'])
  assert.equal([...layers.values()].filter(({ type }) => type === 'ChannelShuffle').length, 16)
  assert.ok([...layersOf('shufflenet_v1_g1').values()].every(({ type }) => type !== 'ChannelShuffle'))
})

test('NASNet-A large has the operators of timm’s exported nasnetalarge', () => {
  const { ops } = onnxFiles['nasnetalarge.ts17sim.onnx']!
  const layers = [...layersOf('nasnet_large').values()]
  const count = (type: string) => layers.filter((layer) => layer.type === type).length
  assert.deepEqual([count('Conv2d'), count('Add'), count('MaxPool2d'), count('Concat')], [ops.Conv, ops.Add, ops.MaxPool, ops.Concat])
  // The file has been simplified: the two equal poolings of each of the 18 normal cells are one there.
  assert.equal(count('AvgPool2d') - 18, ops.AveragePool)
})

test('NASNet: the map before a reduction, or its input, is what the next cell also reads', () => {
  // timm's cell_6 and Keras' reduce cells: large skips, mobile does not.
  assert.deepEqual(layersOf('nasnet_large').get('cell6.adjust.relu')!.inputs, ['cell4.concat'])
  assert.deepEqual(layersOf('nasnet_mobile').get('cell4.adjust.relu')!.inputs, ['cell3.concat'])
})
