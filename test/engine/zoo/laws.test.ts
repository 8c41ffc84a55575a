import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../../../src/engine/errors.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo, families } from '../../../src/engine/zoo/index.ts'
import { costsOf, graphOf, row } from './reference.ts'

/** One preset a family, and where its classifier begins. */
const representatives = [
  { preset: 'alexnet', head: /^classifier\.6$/ },
  { preset: 'densenet121', head: /^classifier$/ },
  { preset: 'efficientnet_b0', head: /^classifier\.1$/ },
  { preset: 'googlenet', head: /^fc$/ },
  { preset: 'inception_v3', head: /^fc$/ },
  { preset: 'mnasnet0_5', head: /^classifier\.1$/ },
  { preset: 'mobilenet_v1_x0_25', head: /^conv_preds$/ },
  { preset: 'mobilenet_v2', head: /^classifier\.1$/ },
  { preset: 'mobilenet_v3_small', head: /^classifier\.3$/ },
  { preset: 'nasnet_mobile', head: /^predictions$/ },
  { preset: 'regnet_y_400mf', head: /^fc$/ },
  { preset: 'resnet18', head: /^fc$/ },
  { preset: 'shufflenet_v1_g3', head: /^fc$/ },
  { preset: 'shufflenet_v2_x0_5', head: /^fc$/ },
  { preset: 'squeezenet1_1', head: /^(classifier\.[123]|flatten)$/ },
  { preset: 'vgg11', head: /^classifier\.6$/ },
  { preset: 'convnext_tiny', head: /^classifier\.2$/ },
]

test('the representatives are one a family', () => {
  const of = representatives.map(({ preset }) => families.find((family) => preset in family.presets)!.name)
  assert.deepEqual(of.sort(), families.map(({ name }) => name).sort())
})

for (const { preset, head } of representatives) {
  test(`${preset}: the number of classes changes the head alone`, () => {
    const thousand = costsOf({ preset })
    const ten = costsOf({ preset, options: { classes: 10 } })
    assert.equal(thousand.layers.length, ten.layers.length)
    const changed = thousand.layers.filter((layer) => {
      const { outputShape, params, macs } = row(ten, layer.id)
      return params !== layer.params || macs !== layer.macs || String(outputShape) !== String(layer.outputShape)
    })
    assert.ok(changed.length > 0)
    for (const { id } of changed) assert.match(id, head)
    // Weights and biases of 990 outputs, where 10 have the rest.
    const classifier = changed.find(({ params }) => params > 0)!
    assert.equal(classifier.params * 10, row(ten, classifier.id).params * 1000)
  })

  test(`${preset}: the resolution leaves the parameters and changes the MACs`, () => {
    const square = costsOf({ preset })
    const oblong = costsOf({ preset, options: { resolution: [160, 288] } })
    assert.equal(oblong.totals.params, square.totals.params)
    assert.notEqual(oblong.totals.macs, square.totals.macs)
    assert.deepEqual(oblong.inputs[0]!.shape, [3, 160, 288])
    const turned = costsOf({ preset, options: { resolution: [288, 160] } })
    assert.equal(turned.totals.macs, oblong.totals.macs)
  })
}

test('a convolution at twice the resolution costs four times as much', () => {
  const [small, large] = [224, 448].map((resolution) => costsOf({ preset: 'vgg11', options: { resolution } }))
  for (const layer of small!.layers.filter(({ type }) => type === 'Conv2d')) assert.equal(row(large!, layer.id).macs, 4 * layer.macs)
})

test('the lecture’s layout has no adaptive pooling, so that the first fully connected layer follows the resolution', () => {
  const { totals } = costsOf({ preset: 'alexnet_lecture', options: { resolution: 259 } })
  // 259 → 64 → 31 → 15 → 7: 7·7·256 inputs where 227 has 6·6·256.
  assert.equal(totals.params - 61_100_840, (49 - 36) * 256 * 4096)
})

test('auxiliary heads add 6,379,984 parameters and two outputs, and nothing to the trunk', () => {
  const without = costsOf({ preset: 'googlenet' })
  const graph = graphOf({ preset: 'googlenet', options: { auxiliaryHeads: true } })
  const withHeads = costsOf({ preset: 'googlenet', options: { auxiliaryHeads: true } })
  assert.equal(withHeads.totals.params - without.totals.params, 6_379_984)
  assert.deepEqual(graph.outputs, ['fc', 'aux2.fc2', 'aux1.fc2'])
  for (const layer of without.layers) assert.equal(row(withHeads, layer.id).macs, layer.macs)
  // By hand, behind 4a (512 channels) and 4d (528): 1×1 to 128 on 4×4 and its normalization, 2048 → 1024, 1024 → 1000.
  const head = (channels: number) => channels * 128 + 2 * 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000
  assert.equal(head(512) + head(528), 6_379_984)
})

test('groups divide the MACs and the weights of the convolutions that have them', () => {
  const one = costsOf({ preset: 'alexnet_2012', options: { groups: 1 } })
  const two = costsOf({ preset: 'alexnet_2012' })
  for (const id of ['conv2', 'conv4', 'conv5']) {
    assert.equal(row(two, id).macs * 2, row(one, id).macs, id)
    const { outputShape, params } = row(one, id)
    assert.equal((row(two, id).params - outputShape[0]!) * 2, params - outputShape[0]!, id)
  }
  for (const id of ['conv1', 'conv3', 'fc6']) assert.equal(row(two, id).macs, row(one, id).macs, id)
})

test('cardinality at equal width divides the 3×3 convolutions alone', () => {
  const dense = costsOf({ family: 'resnet', options: { widthPerGroup: 128 } })
  const grouped = costsOf({ family: 'resnet', options: { cardinality: 32, widthPerGroup: 4 } })
  for (const layer of dense.layers.filter(({ type }) => type === 'Conv2d'))
    assert.equal(row(grouped, layer.id).macs * (/conv2$/.test(layer.id) ? 32 : 1), layer.macs, layer.id)
})

test('where the stride is changes the MACs of the 1×1 before it, never the parameters', () => {
  const v15 = costsOf({ preset: 'resnet50' })
  const v1 = costsOf({ preset: 'resnet50', options: { strideIn: '1x1' } })
  assert.equal(v1.totals.params, v15.totals.params)
  const changed = v15.layers.filter(({ id, macs }) => row(v1, id).macs !== macs).map(({ id }) => id)
  assert.deepEqual(changed, ['layer2.0.conv1', 'layer3.0.conv1', 'layer4.0.conv1'])
  for (const id of changed) assert.equal(row(v15, id).macs, 4 * row(v1, id).macs)
})

test('batch normalization costs two parameters a channel; with it GoogLeNet’s convolutions have no bias, VGG’s keep theirs', () => {
  const channels = (preset: string) =>
    costsOf({ preset })
      .layers.filter(({ type }) => type === 'Conv2d')
      .reduce((n, { outputShape }) => n + outputShape[0]!, 0)
  const params = (preset: string, batchNorm: boolean) => costsOf({ preset, options: { batchNorm } }).totals.params
  assert.equal(params('vgg16', true) - params('vgg16', false), 2 * channels('vgg16'))
  assert.equal(params('googlenet', true) - params('googlenet', false), channels('googlenet'))
})

test('dropout 0 leaves the layer out and changes nothing else', () => {
  for (const preset of ['alexnet', 'vgg11', 'mobilenet_v2', 'mobilenet_v3_small', 'squeezenet1_0', 'googlenet', 'alexnet_2012']) {
    const plain = costsOf({ preset, options: { dropout: 0 } })
    const usual = costsOf({ preset })
    assert.ok(plain.layers.every(({ type }) => type !== 'Dropout'))
    assert.deepEqual(
      plain.layers.map(({ id }) => id),
      usual.layers.filter(({ type }) => type !== 'Dropout').map(({ id }) => id),
    )
  }
})

test('a reduced tail halves the last stage and the head of MobileNet v3', () => {
  const plain = graphOf({ preset: 'mobilenet_v3_large' })
  const reduced = graphOf({ preset: 'mobilenet_v3_large', options: { reducedTail: true } })
  const outputs = (graph: typeof plain) =>
    Object.fromEntries(
      graph.layers
        .filter(({ type }) => type === 'Conv2d' || type === 'Linear')
        .map(({ id, attributes }) => [id, attributes.outChannels ?? attributes.outFeatures]),
    )
  const [before, after] = [outputs(plain), outputs(reduced)]
  const halved = Object.keys(before).filter((id) => after[id] !== before[id])
  assert.ok(halved.includes('features.13.block.3.0') && halved.includes('features.16.0') && halved.includes('classifier.0'))
  for (const id of halved) assert.match(id, /^(features\.1[3-6]\.|classifier\.0)/)
  assert.deepEqual([after['features.13.block.0.0'], after['features.13.block.3.0'], after['features.14.block.0.0']], [672, 80, 480])
})

test('alexnet_2012: local response normalization after the first two ReLUs, 724,406,816 MACs by hand', () => {
  const costs = costsOf({ preset: 'alexnet_2012' })
  const norms = costs.layers.filter(({ type }) => type === 'LocalResponseNorm').map(({ id, inputs }) => [id, inputs[0]])
  assert.deepEqual(norms, [
    ['norm1', 'relu1'],
    ['norm2', 'relu2'],
  ])
  const byHand =
    96 * 55 * 55 * (3 * 11 * 11) +
    256 * 27 * 27 * (48 * 5 * 5) +
    384 * 13 * 13 * (256 * 9) +
    384 * 13 * 13 * (192 * 9) +
    256 * 13 * 13 * (192 * 9) +
    9216 * 4096 +
    4096 * 4096 +
    4096 * 1000
  assert.equal(costs.totals.macs, byHand)
})

test('SqueezeNet’s metaparameters: a squeeze ratio of 0.75 and all expansions as the paper’s section 5', () => {
  const graph = graphOf({ family: 'squeezenet', options: { squeezeRatio: 0.75, share3x3: 0.25 } })
  const channels = (id: string) => graph.layers.find((layer) => layer.id === id)!.attributes.outChannels
  assert.deepEqual([channels('features.3.squeeze'), channels('features.3.expand1x1'), channels('features.3.expand3x3')], [96, 96, 32])
  assert.deepEqual([channels('features.12.squeeze'), channels('features.12.expand1x1'), channels('features.12.expand3x3')], [384, 384, 128])
})

test('every preset at odd resolutions builds, or says which layer does not fit and what would', () => {
  for (const family of families)
    for (const preset of Object.keys(family.presets)) {
      const built: string[] = []
      for (const resolution of [1, 17, 31, 33, 63, 97, [64, 225], [225, 64], 223, 225, 511]) {
        const { spec } = expandZoo({ preset, options: { resolution } })
        try {
          verifyGraph(spec)
          built.push(String(resolution))
        } catch (cause) {
          assert.ok(cause instanceof EngineError, `${preset} ${resolution}`)
          assert.equal(cause.code, 'INVALID_GRAPH')
          for (const { layerId, message } of cause.errors) {
            assert.ok(layerId, message)
            assert.match(message, /use a kernelSize whose span is at most|padding/)
          }
        }
      }
      for (const resolution of ['223', '225', '511']) assert.ok(built.includes(resolution), `${preset} ${resolution}`)
    }
})

test('ShuffleNet v1: without the classifier, the complexities of the paper’s table 1', () => {
  // Zhang et al., table 1, in millions, for g = 1, 2, 3, 4, 8; the paper does not say so, but all five are without it.
  for (const [groups, complexity] of [
    [1, 143],
    [2, 140],
    [3, 137],
    [4, 133],
    [8, 137],
  ] as const) {
    const costs = costsOf({ preset: `shufflenet_v1_g${groups}` })
    assert.equal(Math.round((costs.totals.macs - row(costs, 'fc').macs) / 1e6), complexity, `g = ${groups}`)
  }
})

test('MobileNet v1 by resolution has the multiply-adds of the paper’s table 7, which rounds some and cuts others', () => {
  for (const [resolution, millions] of [
    [224, 569],
    [192, 418],
    [160, 290],
    [128, 186],
  ] as const)
    assert.ok(Math.abs(costsOf({ preset: 'mobilenet_v1', options: { resolution } }).totals.macs / 1e6 - millions) < 1, `${resolution}`)
})

test('densenet264 by hand: 33,337,704 parameters', () => {
  // k = 32: a dense layer on c channels normalizes them, 1×1 to 128, normalizes those, 3×3 to 32; a transition halves.
  let params = 3 * 64 * 49 + 2 * 64
  let width = 64
  for (const [b, depth] of [6, 12, 64, 48].entries()) {
    for (let l = 0; l < depth; l++, width += 32) params += 2 * width + width * 128 + 2 * 128 + 128 * 32 * 9
    params += 2 * width
    if (b < 3) {
      params += width * (width / 2)
      width /= 2
    }
  }
  params += width * 1000 + 1000
  assert.equal(params, 33_337_704)
  assert.equal(costsOf({ preset: 'densenet264' }).totals.params, params)
})
