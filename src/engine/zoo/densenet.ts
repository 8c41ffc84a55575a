import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily } from './shared/family.ts'
import { atMostInAll, familyOptions, imageInput, integer, list, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks", CVPR 2017'
const maxLayers = 144

/** DenseNet-BC: dense blocks whose layers each read all that came before, transitions that halve between them. */
export const densenet = defineFamily({
  name: 'densenet',
  summary: 'DenseNet-BC: blocks in which each layer reads the concatenation of all before it.',
  source: paper,
  options: familyOptions({
    growthRate: integer(32, 1, 512, 'Channels that each dense layer adds (k).'),
    blocks: list(
      Type.Integer({ minimum: 1, maximum: 64 }),
      [6, 12, 24, 16],
      1,
      6,
      `Dense layers of each block, at most ${maxLayers} in all; a transition halves the resolution between blocks.`,
    ),
    stemChannels: integer(64, 1, 1024, 'Channels of the first convolution.'),
    bottleneckFactor: integer(4, 1, 16, 'Channels of a dense layer’s 1×1 convolution, in growth rates.'),
    compression: number(0.5, 0.01, 1, 'Share of the channels that a transition keeps (θ), rounded down.'),
  }),
  presets: {
    densenet121: {
      options: {},
      summary: 'DenseNet-121.',
      published: torchvision('densenet121', 7_978_856, 2.834, 74.434, 91.972),
    },
    densenet161: {
      options: { growthRate: 48, blocks: [6, 12, 36, 24], stemChannels: 96 },
      summary: 'DenseNet-161.',
      published: torchvision('densenet161', 28_681_000, 7.728, 77.138, 93.56),
    },
    densenet169: {
      options: { blocks: [6, 12, 32, 32] },
      summary: 'DenseNet-169.',
      published: torchvision('densenet169', 14_149_480, 3.36, 75.6, 92.806),
    },
    densenet201: {
      options: { blocks: [6, 12, 48, 32] },
      summary: 'DenseNet-201.',
      published: torchvision('densenet201', 20_013_928, 4.291, 76.896, 93.37),
    },
    densenet264: {
      options: { blocks: [6, 12, 64, 48] },
      summary: 'DenseNet-264, the deepest of the paper’s table 1; torchvision has none.',
      published: [
        { quantity: 'top1', value: 77.85, source: `${paper}, table 3: error 22.15 %, single crop` },
        { quantity: 'top5', value: 93.88, source: `${paper}, table 3: error 6.12 %, single crop` },
      ],
    },
  },
  check: (o) => atMostInAll(o.blocks, maxLayers, '/blocks', 'dense layers'),
  build: (o) => {
    const g = new GraphBuilder()
    const normRelu = (norm: string, relu: string, x: string, spelling = {}) => g.add('ReLU', relu, g.add('BatchNorm2d', norm, x), spelling)
    let x = g.add('Conv2d', 'features.conv0', imageInput(g, o.resolution), {
      outChannels: o.stemChannels,
      kernelSize: 7,
      stride: 2,
      padding: 3,
      bias: false,
    })
    x = g.add('MaxPool2d', 'features.pool0', normRelu('features.norm0', 'features.relu0', x), { kernelSize: 3, stride: 2, padding: 1 })
    let width = o.stemChannels
    o.blocks.forEach((depth, b) => {
      const block = `features.denseblock${b + 1}`
      const features = [x]
      for (let l = 1; l <= depth; l++) {
        const id = `${block}.denselayer${l}`
        const all = features.length === 1 ? x : g.add('Concat', `${id}.concat`, features)
        let y = g.add('Conv2d', `${id}.conv1`, normRelu(`${id}.norm1`, `${id}.relu1`, all), {
          outChannels: o.bottleneckFactor * o.growthRate,
          kernelSize: 1,
          bias: false,
        })
        y = g.add('Conv2d', `${id}.conv2`, normRelu(`${id}.norm2`, `${id}.relu2`, y), {
          outChannels: o.growthRate,
          kernelSize: 3,
          padding: 1,
          bias: false,
        })
        features.push(y)
      }
      x = g.add('Concat', `${block}.concat`, features)
      width += depth * o.growthRate
      if (b === o.blocks.length - 1) return
      const transition = `features.transition${b + 1}`
      width = Math.max(1, Math.floor(width * o.compression))
      x = g.add('Conv2d', `${transition}.conv`, normRelu(`${transition}.norm`, `${transition}.relu`, x), {
        outChannels: width,
        kernelSize: 1,
        bias: false,
      })
      x = g.add('AvgPool2d', `${transition}.pool`, x, { kernelSize: 2, stride: 2 })
    })
    // torchvision's last activation and pooling are functions; its dense layers hold modules.
    x = normRelu('features.norm5', 'relu', x, { functional: true })
    x = g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1, functional: true })
    return g.build(g.add('Linear', 'classifier', g.add('Flatten', 'flatten', x), { outFeatures: o.classes }))
  },
})
