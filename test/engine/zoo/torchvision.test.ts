import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inferShapes } from '../../../src/engine/infer.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { costsOf, graphOf, kerasModels, leafModules, row, torchvisionModels } from './reference.ts'

const presets = families.flatMap((family) => Object.keys(family.presets))

/** torchvision's networks of the families that the zoo has. */
const wanted = Object.keys(torchvisionModels).filter((name) =>
  /^(alexnet|vgg|googlenet|resnet|wide_resnet|resnext|densenet|mobilenet|shufflenet|squeezenet)/.test(name),
)

test('every torchvision network of these families is a preset, params and MACs digit for digit', async (t) => {
  assert.equal(wanted.length, 33)
  for (const name of wanted)
    await t.test(name, () => {
      assert.ok(presets.includes(name))
      const costs = costsOf({ preset: name })
      const reference = torchvisionModels[name]!
      assert.equal(costs.totals.params, reference.publishedParams)
      assert.equal(costs.totals.macs, reference.macs)
      // torchvision counts the modules of googlenet with its auxiliary heads.
      const { layers } = name === 'googlenet' ? costsOf({ preset: name, options: { auxiliaryHeads: true } }) : costs
      assert.equal(layers.filter(({ type }) => type === 'Conv2d').length, reference.convLayers)
      assert.equal(layers.filter(({ type }) => type === 'Linear').length, reference.linearLayers)
      assert.deepEqual(costs.uncounted, [])
    })
})

test('published figures of torchvision’s presets are the reference’s, each of the four', () => {
  for (const family of families)
    for (const [name, preset] of Object.entries(family.presets)) {
      const reference = torchvisionModels[name]
      if (!reference) continue
      const figures = Object.fromEntries(
        preset.published!.filter(({ source }) => source.startsWith('torchvision')).map(({ quantity, value }) => [quantity, value]),
      )
      assert.deepEqual(
        figures,
        { params: reference.publishedParams, macs: Math.round(reference.publishedGMacs * 1e9), top1: reference.top1, top5: reference.top5 },
        name,
      )
    }
})

/** What torchvision computes by functions, and so has no leaf module for. None of it has weights. */
const functional: Record<string, string[]> = {
  alexnet: ['Flatten'],
  densenet121: ['AdaptiveAvgPool2d', 'Concat', 'Flatten', 'ReLU'],
  googlenet: ['Concat', 'Flatten', 'ReLU'],
  mobilenet_v2: ['AdaptiveAvgPool2d', 'Add', 'Flatten'],
  resnet18: ['Add', 'Flatten'],
  resnet50: ['Add', 'Flatten'],
  resnext50_32x4d: ['Add', 'Flatten'],
  shufflenet_v2_x1_0: ['ChannelShuffle', 'Concat', 'Flatten', 'GlobalAvgPool2d', 'Split'],
  squeezenet1_1: ['Concat', 'Flatten'],
  vgg16: ['Flatten'],
}

for (const [name, extra] of Object.entries(functional))
  test(`${name}, layer by layer, by name`, () => {
    const graph = graphOf({ preset: name })
    const costs = costsOf({ preset: name })
    const layers = new Map(graph.layers.map((layer) => [layer.id, layer]))
    const inputs = new Map(inferShapes(graph).map((entry) => [entry.layer.id, entry.inputs]))
    const calls = new Map<string, number>()
    const seen = new Set<string>()
    let buffers = 0
    for (const module of leafModules(name)) {
      const call = calls.get(module.name) ?? 0
      calls.set(module.name, call + 1)
      // A module called again is a layer of its own, named as torchvision's feature extraction names the call.
      const id = call === 0 ? module.name : `${module.name}_${call}`
      seen.add(id)
      const layer = layers.get(id)
      assert.ok(layer, `no layer ${id}`)
      assert.equal(layer.type, module.type, id)
      const { outputShape, params, macs } = row(costs, id)
      assert.deepEqual({ outputShape, params, macs }, { outputShape: module.out.slice(1), params: module.params, macs: module.macs }, id)
      assert.deepEqual(inputs.get(id)![0], module.inp, id)
      const a = layer.attributes as Record<string, any>
      if (module.kernel) {
        assert.deepEqual(a.kernelSize, module.kernel, id)
        assert.deepEqual(a.stride, module.stride, id)
        assert.deepEqual(a.padding, [...module.padding!, ...module.padding!], id)
        if (module.dilation) assert.deepEqual(a.dilation, module.dilation, id)
      }
      if (module.groups !== undefined) assert.equal(a.groups, module.groups, id)
      if (module.bias !== undefined) assert.equal(a.bias, module.bias, id)
      if (module.ceil_mode !== undefined) assert.equal(a.ceilMode, module.ceil_mode, id)
      // PyTorch also stores num_batches_tracked, which inference never reads.
      buffers += module.type === 'BatchNorm2d' ? module.buffers - 1 : module.buffers
    }
    assert.equal(costs.totals.buffers, buffers)
    const rest = costs.layers.filter(({ id }) => !seen.has(id))
    assert.deepEqual([...new Set(rest.map(({ type }) => type))].sort(), extra)
    assert.ok(rest.every(({ params, macs }) => params === 0 && macs === 0))
  })

test('googlenet with its auxiliary heads has torchvision’s 13,004,888 parameters', () => {
  const costs = costsOf({ preset: 'googlenet', options: { auxiliaryHeads: true } })
  assert.equal(costs.totals.params, torchvisionModels.googlenet!.params)
  assert.equal(costs.totals.params, 13_004_888)
})

test('resnet50_v1 has the trainable parameters and the MACs of keras.applications.ResNet50', () => {
  const { totals } = costsOf({ preset: 'resnet50_v1' })
  assert.equal(totals.params, kerasModels.ResNet50!.trainable)
  assert.equal(totals.params + totals.buffers, kerasModels.ResNet50!.params)
  assert.equal(totals.macs, kerasModels.ResNet50!.macs_conv_dense)
})

test('vgg16 has the parameters and the MACs of keras.applications.VGG16', () => {
  const { totals } = costsOf({ preset: 'vgg16' })
  assert.equal(totals.params, kerasModels.VGG16!.params)
  assert.equal(totals.macs, kerasModels.VGG16!.macs_conv_dense)
})

test('googlenet with 5×5 back: torchvision’s modules with that one window changed, and BVLC’s without batch normalisation', () => {
  const paper = costsOf({ preset: 'googlenet_paper' }).totals
  assert.deepEqual([paper.params, paper.macs], [7_005_832, 1_582_671_872])
  const without = costsOf({ preset: 'googlenet_paper', options: { batchNorm: false } })
  // Batch normalisation has two numbers a channel, a bias one.
  const channels = without.layers.filter(({ type }) => type === 'Conv2d').reduce((n, { outputShape }) => n + outputShape[0]!, 0)
  assert.equal(without.totals.params, paper.params - channels)
  assert.equal(costsOf({ preset: 'googlenet_2014' }).totals.params, without.totals.params)
})

test('MobileNet v2 by width and resolution has the figures beside the authors’ checkpoints', () => {
  // tensorflow/models, research/slim/nets/mobilenet, and keras.applications.mobilenet_v2's docstring: MACs cut to whole
  // millions, parameters without batch normalisation's, in millions.
  const published = [
    [1.4, 224, 582, 6.06],
    [1.3, 224, 509, 5.34],
    [1, 224, 300, 3.47],
    [1, 192, 221, 3.47],
    [1, 160, 154, 3.47],
    [1, 128, 99, 3.47],
    [1, 96, 56, 3.47],
    [0.75, 224, 209, 2.61],
    [0.75, 192, 153, 2.61],
    [0.75, 160, 107, 2.61],
    [0.75, 128, 69, 2.61],
    [0.75, 96, 39, 2.61],
    [0.5, 224, 97, 1.95],
    [0.5, 192, 71, 1.95],
    [0.5, 160, 50, 1.95],
    [0.5, 128, 32, 1.95],
  ] as const
  for (const [widthMultiplier, resolution, macs, params] of published) {
    const costs = costsOf({ family: 'mobilenet_v2', options: { widthMultiplier, resolution } })
    const norms = costs.layers.filter(({ type }) => type === 'BatchNorm2d').reduce((n, layer) => n + layer.params, 0)
    assert.equal(Math.floor(costs.totals.macs / 1e6), macs, `${widthMultiplier} ${resolution}`)
    assert.equal(((costs.totals.params - norms) / 1e6).toFixed(2), params.toFixed(2), `${widthMultiplier}`)
  }
})
