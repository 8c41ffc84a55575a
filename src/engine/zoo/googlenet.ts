import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily, type PublishedFigure } from './shared/family.ts'
import { boolean, dropout, familyOptions, imageInput } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'Szegedy et al., "Going Deeper with Convolutions", CVPR 2015'

/** Table 1 of the paper: outputs of 1×1; 3×3 reduce, 3×3; 5×5 reduce, 5×5; and the projection behind the pooling. */
const modules: Readonly<Record<string, readonly [number, number, number, number, number, number]>> = {
  '3a': [64, 96, 128, 16, 32, 32],
  '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64],
  '4b': [160, 112, 224, 24, 64, 64],
  '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64],
  '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128],
  '5b': [384, 192, 384, 48, 128, 128],
}

const caffe = 'BVLC Caffe, models/bvlc_googlenet: https://github.com/BVLC/caffe/tree/master/models/bvlc_googlenet'
const fiveByFive: PublishedFigure[] = [
  {
    quantity: 'macs',
    value: 1.5e9,
    rounding: 1e8,
    source: `${paper}, section 1: a budget of 1.5 billion multiply-adds`,
    note: 'The paper states a design budget; its own table 1, with these layers, counts to 1.58 G.',
  },
]

/** GoogLeNet (Inception v1): stem, nine inception modules, global average pooling, auxiliary classifiers on or off. */
export const googlenet = defineFamily({
  name: 'googlenet',
  summary: 'GoogLeNet (Inception v1): stem, nine inception modules, global average pooling.',
  source: paper,
  options: familyOptions({
    auxiliaryHeads: boolean(false, 'The two auxiliary classifiers behind modules 4a and 4d, used in training; each adds an output.'),
    batchNorm: boolean(true, 'Batch normalization after each convolution (which then has no bias); the paper has none.'),
    localResponseNorm: boolean(false, 'Local response normalization in the stem, as in the paper.'),
    branch3Kernel: Type.Optional(
      Type.Union([Type.Literal(3), Type.Literal(5)], {
        default: 3,
        description: 'Window of the third branch: 5 in the paper, 3 in torchvision (by a known mistake).',
      }),
    ),
    pool4Kernel: Type.Optional(
      Type.Union([Type.Literal(2), Type.Literal(3)], {
        default: 2,
        description: 'Window of the pooling before module 5a: 3 in the paper, 2 in torchvision.',
      }),
    ),
    dropout: dropout(0.2, 'before the classifier'),
    auxiliaryDropout: dropout(0.7, 'before each auxiliary classifier'),
  }),
  presets: {
    googlenet: {
      options: {},
      summary: 'GoogLeNet of torchvision (3×3 in the third branch), without auxiliary heads.',
      published: torchvision('googlenet', 6_624_904, 1.498, 69.778, 89.53),
    },
    googlenet_paper: {
      options: { branch3Kernel: 5, pool4Kernel: 3 },
      summary:
        'GoogLeNet with the paper’s windows (5×5 in the third branch), batch normalized as it is trained today; ' +
        'googlenet_2014 is the network without batch normalization.',
      published: fiveByFive,
    },
    googlenet_2014: {
      options: { branch3Kernel: 5, pool4Kernel: 3, batchNorm: false, localResponseNorm: true, dropout: 0.4 },
      summary: 'GoogLeNet as of 2014: 5×5 in the third branch, biases and local response normalization, no batch normalization.',
      published: [
        ...fiveByFive,
        { quantity: 'top1', value: 68.7, source: `${caffe}: top-1 accuracy 68.7 % on the validation set, center crop` },
        { quantity: 'top5', value: 88.9, source: `${caffe}: top-5 accuracy 88.9 %` },
      ],
    },
  },
  build: (o) => {
    const g = new GraphBuilder()
    const eps = 0.001
    const conv = (id: string, x: string, outChannels: number, kernelSize: number, stride = 1) => {
      const y = g.add('Conv2d', `${id}.conv`, x, {
        outChannels,
        kernelSize,
        ...(stride === 1 ? {} : { stride }),
        ...(kernelSize === 1 ? {} : { padding: (kernelSize - 1) / 2 }),
        ...(o.batchNorm ? { bias: false } : {}),
      })
      return g.add('ReLU', `${id}.relu`, o.batchNorm ? g.add('BatchNorm2d', `${id}.bn`, y, { eps }) : y, { functional: true })
    }
    const pool = (id: string, x: string, kernelSize: number) => g.add('MaxPool2d', id, x, { kernelSize, stride: 2, ceilMode: true })
    const norm = (id: string, x: string) =>
      o.localResponseNorm ? g.add('LocalResponseNorm', id, x, { size: 5, alpha: 1e-4, beta: 0.75, k: 1 }) : x
    const inception = (id: string, x: string) => {
      const name = `inception${id}`
      const [c1, reduce3, c3, reduce5, c5, projection] = modules[id]!
      return g.add('Concat', `${name}.concat`, [
        conv(`${name}.branch1`, x, c1, 1),
        conv(`${name}.branch2.1`, conv(`${name}.branch2.0`, x, reduce3, 1), c3, 3),
        conv(`${name}.branch3.1`, conv(`${name}.branch3.0`, x, reduce5, 1), c5, o.branch3Kernel),
        conv(
          `${name}.branch4.1`,
          g.add('MaxPool2d', `${name}.branch4.0`, x, { kernelSize: 3, stride: 1, padding: 1, ceilMode: true }),
          projection,
          1,
        ),
      ])
    }
    const auxiliary = (id: string, x: string) => {
      let y = g.add('AdaptiveAvgPool2d', `${id}.avgpool`, x, { outputSize: 4, functional: true })
      y = g.add('Flatten', `${id}.flatten`, conv(`${id}.conv`, y, 128, 1))
      y = g.add('ReLU', `${id}.relu`, g.add('Linear', `${id}.fc1`, y, { outFeatures: 1024 }), { functional: true })
      if (o.auxiliaryDropout > 0) y = g.add('Dropout', `${id}.dropout`, y, { p: o.auxiliaryDropout })
      return g.add('Linear', `${id}.fc2`, y, { outFeatures: o.classes })
    }

    let x = conv('conv1', imageInput(g, o.resolution), 64, 7, 2)
    x = norm('norm1', pool('maxpool1', x, 3))
    x = norm('norm2', conv('conv3', conv('conv2', x, 64, 1), 192, 3))
    x = pool('maxpool2', x, 3)
    x = pool('maxpool3', inception('3b', inception('3a', x)), 3)
    const first = inception('4a', x)
    const second = inception('4d', inception('4c', inception('4b', first)))
    x = pool('maxpool4', inception('4e', second), o.pool4Kernel)
    x = g.add('AdaptiveAvgPool2d', 'avgpool', inception('5b', inception('5a', x)), { outputSize: 1 })
    x = g.add('Flatten', 'flatten', x)
    if (o.dropout > 0) x = g.add('Dropout', 'dropout', x, { p: o.dropout })
    x = g.add('Linear', 'fc', x, { outFeatures: o.classes })
    return o.auxiliaryHeads ? g.build(x, auxiliary('aux2', second), auxiliary('aux1', first)) : g.build(x)
  },
})
