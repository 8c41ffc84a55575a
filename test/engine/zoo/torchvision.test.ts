import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inferShapes } from '../../../src/engine/infer.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { costsOf, graphOf, kerasModels, leafModules, row, torchvisionModels } from './reference.ts'

const presets = families.flatMap((family) => Object.keys(family.presets))

const wanted = Object.keys(torchvisionModels)

/** Those that torchvision builds with heads that inference never runs, and the option that adds them here. */
const withHeads: Record<string, object> = { googlenet: { auxiliaryHeads: true }, inception_v3: { auxiliaryHead: true } }

test('every torchvision network is a preset, params and MACs digit for digit', async (t) => {
  assert.equal(wanted.length, 68)
  for (const name of wanted)
    await t.test(name, () => {
      assert.ok(presets.includes(name))
      const costs = costsOf({ preset: name })
      const reference = torchvisionModels[name]!
      assert.equal(costs.totals.macs, reference.macs)
      const heads = withHeads[name] ? costsOf({ preset: name, options: withHeads[name] }) : costs
      assert.equal(heads.totals.params, reference.params)
      // What torchvision publishes of googlenet leaves the heads out, of inception_v3 it does not.
      assert.equal((name === 'googlenet' ? costs : heads).totals.params, reference.publishedParams)
      assert.equal(heads.layers.filter(({ type }) => type === 'Conv2d').length, reference.convLayers)
      assert.equal(heads.layers.filter(({ type }) => type === 'Linear').length, reference.linearLayers)
      assert.deepEqual(costs.uncounted, [])
    })
})

test('inception_v3 without its head has 23,834,568 parameters; the head adds an output and nothing to the trunk', () => {
  const without = costsOf({ preset: 'inception_v3' })
  assert.equal(without.totals.params, 23_834_568)
  const withHead = costsOf({ preset: 'inception_v3', options: { auxiliaryHead: true } })
  for (const layer of without.layers) assert.equal(row(withHead, layer.id).macs, layer.macs)
  assert.deepEqual(graphOf({ preset: 'inception_v3', options: { auxiliaryHead: true } }).outputs, ['fc', 'AuxLogits.fc'])
  // By hand: 768 → 128 by 1×1, 128 → 768 by 5×5, normalization of both, 768 → 1000.
  assert.equal(withHead.totals.params - without.totals.params, 768 * 128 + 2 * 128 + 128 * 768 * 25 + 2 * 768 + 768 * 1000 + 1000)
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

for (const [preset, name] of [
  ['resnet50_v1', 'ResNet50'],
  ['mobilenet_v1', 'MobileNet'],
  ['nasnet_mobile', 'NASNetMobile'],
] as const)
  test(`${preset} has the parameters, trainable and not, and the MACs of keras.applications.${name}`, () => {
    const { totals } = costsOf({ preset })
    assert.equal(totals.params, kerasModels[name]!.trainable)
    assert.equal(totals.params + totals.buffers, kerasModels[name]!.params)
    assert.equal(totals.macs, kerasModels[name]!.macs_conv_dense)
  })

test('vgg16 has the parameters and the MACs of keras.applications.VGG16', () => {
  const { totals } = costsOf({ preset: 'vgg16' })
  assert.equal(totals.params, kerasModels.VGG16!.params)
  assert.equal(totals.macs, kerasModels.VGG16!.macs_conv_dense)
})

test('googlenet with 5×5 back: torchvision’s modules with that one window changed, and BVLC’s without batch normalization', () => {
  const paper = costsOf({ preset: 'googlenet_paper' }).totals
  assert.deepEqual([paper.params, paper.macs], [7_005_832, 1_582_671_872])
  const without = costsOf({ preset: 'googlenet_paper', options: { batchNorm: false } })
  // Batch normalization has two numbers a channel, a bias one.
  const channels = without.layers.filter(({ type }) => type === 'Conv2d').reduce((n, { outputShape }) => n + outputShape[0]!, 0)
  assert.equal(without.totals.params, paper.params - channels)
  assert.equal(costsOf({ preset: 'googlenet_2014' }).totals.params, without.totals.params)
})

test('MobileNet v2 by width and resolution has the figures beside the authors’ checkpoints', () => {
  // tensorflow/models, research/slim/nets/mobilenet, and keras.applications.mobilenet_v2's docstring: MACs cut to whole
  // millions, parameters without batch normalization's, in millions.
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

test('RegNet: widths in single precision, as torchvision rounds them', () => {
  // BlockParams.from_init_params of torchvision 0.24.1; in double precision the second width would be 825, 837, 345.
  const cases = [
    [{ depth: 17, initialWidth: 360, slope: 59.3, step: 2.3, groupWidth: 3 }, [4, 12, 1], [360, 831, 1905]],
    [{ depth: 60, initialWidth: 400, slope: 51.52, step: 2.13, groupWidth: 27 }, [4, 13, 27, 16], [405, 864, 1809, 3861]],
    [{ depth: 21, initialWidth: 120, slope: 114.07, step: 2.1, groupWidth: 115 }, [1, 2, 3, 8, 7], [115, 230, 575, 1150, 2300]],
  ] as const
  for (const [options, depths, widths] of cases) {
    const { layers } = costsOf({ family: 'regnet', options: { ...options, resolution: 32 } })
    depths.forEach((depth, s) => {
      const blocks = layers.filter(({ id, type }) => type === 'Add' && id.startsWith(`trunk_output.block${s + 1}.`))
      assert.equal(blocks.length, depth)
      assert.equal(blocks[0]!.outputShape[0], widths[s])
    })
  }
})
