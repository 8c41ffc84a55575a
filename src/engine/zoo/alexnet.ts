import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { lectureHead } from './shared/blocks.ts'
import { defineFamily, type OptionViolation } from './shared/family.ts'
import { boolean, channels, dropout, familyOptions, imageInput, integer } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const width = channels()
const lectureSource =
  'EECS 498-007 / 598-005 Deep Learning for Computer Vision (Justin Johnson, University of Michigan), lecture 8: CNN Architectures, AlexNet table'
const paper = 'Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012'
const testSet = 'ILSVRC-2010 test set'

/** AlexNet: five convolutions, three of them pooled, and three fully connected layers. */
export const alexnet = defineFamily({
  name: 'alexnet',
  summary: 'AlexNet: five convolutions and three fully connected layers.',
  source: paper,
  options: familyOptions({
    channels: Type.Optional(
      Type.Tuple([width, width, width, width, width], {
        default: [64, 192, 384, 256, 256],
        description: 'Output channels of the five convolutions.',
      }),
    ),
    stemPadding: integer(2, 0, 5, 'Padding of the first convolution (11×11, stride 4).'),
    groups: integer(1, 1, 64, 'Groups of the second, fourth and fifth convolution: 2 is the split over two GPUs of the 2012 paper.'),
    localResponseNorm: boolean(false, 'Local response normalization after the first and second ReLU, as in the 2012 paper.'),
    hiddenFeatures: integer(4096, 1, 65_536, 'Outputs of each of the two hidden fully connected layers.'),
    dropout: dropout(0.5, 'beside the hidden fully connected layers'),
    layout: Type.Optional(
      Type.Union([Type.Literal('torchvision'), Type.Literal('lecture')], {
        default: 'torchvision',
        description:
          '"torchvision": adaptive pooling to 6×6 before the classifier, layers named as torchvision names them (features.0 …); ' +
          '"lecture": no adaptive pooling, so that parameters depend on the resolution, layers named conv1 … fc8.',
      }),
    ),
  }),
  presets: {
    alexnet_lecture: {
      options: { resolution: 227, layout: 'lecture', dropout: 0 },
      summary: 'AlexNet as the lecture tables it: 227×227, 64 first filters, one tower, no normalization.',
      published: [
        { quantity: 'memoryMiB', value: 1.9, rounding: 0.1, source: `${lectureSource}; convolution and fully connected rows` },
        { quantity: 'flops', value: 0.7e9, rounding: 1e8, source: `${lectureSource}; its convention counts a multiply-add as one` },
        { quantity: 'params', value: 61e6, rounding: 1e6, source: lectureSource },
      ],
    },
    alexnet: {
      options: {},
      summary: 'AlexNet of torchvision: the one-tower network of Krizhevsky, "One weird trick …", 2014.',
      published: torchvision('alexnet', 61_100_840, 0.714, 56.522, 79.066),
    },
    alexnet_2012: {
      options: {
        resolution: 227,
        channels: [96, 256, 384, 384, 256],
        stemPadding: 0,
        groups: 2,
        localResponseNorm: true,
        layout: 'lecture',
      },
      summary: 'AlexNet of 2012: local response normalization, and the two GPUs as two groups.',
      published: [
        { quantity: 'params', value: 60e6, rounding: 1e7, source: `${paper}, abstract` },
        { quantity: 'top1', value: 62.5, source: `${paper}, abstract: top-1 error 37.5 % on the ILSVRC-2010 test set`, testSet },
        { quantity: 'top5', value: 83, source: `${paper}, abstract: top-5 error 17.0 % on the ILSVRC-2010 test set`, testSet },
      ],
    },
  },
  check: ({ groups, channels: c }) => {
    const violations: OptionViolation[] = []
    for (const i of [0, 1, 2, 3, 4] as const)
      if (c[i] % groups !== 0)
        violations.push({
          path: `/channels/${i}`,
          message: `channels ${c[i]} must be a multiple of groups ${groups}: use ${Math.ceil(c[i] / groups) * groups}`,
        })
    return violations
  },
  build: (o) => {
    const g = new GraphBuilder()
    const lecture = o.layout === 'lecture'
    let x = imageInput(g, o.resolution)
    let index = 0
    const feature = (type: string, name: string, attributes: Record<string, unknown> = {}) => {
      x = g.add(type, lecture ? name : `features.${index++}`, x, attributes)
    }
    const convolutions = [
      { kernelSize: 11, stride: 4, padding: o.stemPadding },
      { kernelSize: 5, padding: 2, groups: o.groups },
      { kernelSize: 3, padding: 1 },
      { kernelSize: 3, padding: 1, groups: o.groups },
      { kernelSize: 3, padding: 1, groups: o.groups },
    ]
    convolutions.forEach((window, i) => {
      const n = i + 1
      feature('Conv2d', `conv${n}`, { outChannels: o.channels[i], ...window })
      feature('ReLU', `relu${n}`)
      // The paper's α is 1e-4 over the sum; PyTorch divides α by the size, so 5e-4 is the same function.
      if (o.localResponseNorm && n <= 2) feature('LocalResponseNorm', `norm${n}`, { size: 5, alpha: 5e-4, beta: 0.75, k: 2 })
      if (n <= 2 || n === 5) feature('MaxPool2d', `pool${n}`, { kernelSize: 3, stride: 2 })
    })
    if (lecture) return g.build(lectureHead(g, x, 6, o))
    x = g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 6 })
    x = g.add('Flatten', 'flatten', x)
    for (const n of [0, 3]) {
      if (o.dropout > 0) x = g.add('Dropout', `classifier.${n}`, x, { p: o.dropout })
      x = g.add('Linear', `classifier.${n + 1}`, x, { outFeatures: o.hiddenFeatures })
      x = g.add('ReLU', `classifier.${n + 2}`, x)
    }
    return g.build(g.add('Linear', 'classifier.6', x, { outFeatures: o.classes }))
  },
})
