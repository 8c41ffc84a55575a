import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { lectureHead } from './shared/blocks.ts'
import { defineFamily, type OptionViolation, type PublishedFigure } from './shared/family.ts'
import { boolean, channels, dropout, familyOptions, imageInput, integer, list } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const Stage = Type.Object(
  {
    convs: Type.Integer({ minimum: 1, maximum: 16, description: 'Convolutions before the pooling.' }),
    channels: channels('Output channels of each of them.'),
    kernelSize: integer(3, 1, 31, 'Window of each of them, odd; padded to keep the size.'),
  },
  { additionalProperties: false },
)

/** Stages of the paper's table 1: convolutions of 64, 128, 256, 512 and 512 channels. */
const stages = (...convs: [number, number, number, number, number]) =>
  convs.map((n, i) => ({ convs: n, channels: [64, 128, 256, 512, 512][i]! }))
const A = stages(1, 1, 2, 2, 2)
const B = stages(2, 2, 2, 2, 2)
const D = stages(2, 2, 3, 3, 3)
const E = stages(2, 2, 4, 4, 4)

const paper = 'Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015'
const inPaper = (params: number): PublishedFigure => ({ quantity: 'params', value: params, rounding: 1e6, source: `${paper}, table 2` })
const lectureSource = 'EECS 498-007 / 598-005 (Justin Johnson, University of Michigan), lecture 8: AlexNet vs VGG-16'

/** VGG: stages of 3×3 convolutions, each ended by a 2×2 pooling, and three fully connected layers. */
export const vgg = defineFamily({
  name: 'vgg',
  summary: 'VGG: stages of 3×3 convolutions between poolings, three fully connected layers.',
  source: paper,
  options: familyOptions({
    stages: list(Stage, D, 1, 10, 'The stages, in order; each ends in a 2×2 max pooling.'),
    batchNorm: boolean(false, 'Batch normalization after each convolution.'),
    hiddenFeatures: integer(4096, 1, 65_536, 'Outputs of each of the two hidden fully connected layers.'),
    dropout: dropout(0.5, 'after each hidden fully connected layer'),
    layout: Type.Optional(
      Type.Union([Type.Literal('torchvision'), Type.Literal('lecture')], {
        default: 'torchvision',
        description:
          '"torchvision": adaptive pooling to 7×7 before the classifier, layers named as torchvision names them (features.0 …); ' +
          '"lecture": no adaptive pooling, so that parameters depend on the resolution, layers named conv1_1 … fc8.',
      }),
    ),
  }),
  presets: {
    vgg11: {
      options: { stages: A },
      summary: 'VGG-11, configuration A.',
      published: [...torchvision('vgg11', 132_863_336, 7.609, 69.02, 88.628), inPaper(133e6)],
    },
    vgg11_bn: {
      options: { stages: A, batchNorm: true },
      summary: 'VGG-11 with batch normalization.',
      published: torchvision('vgg11_bn', 132_868_840, 7.609, 70.37, 89.81),
    },
    vgg13: {
      options: { stages: B },
      summary: 'VGG-13, configuration B.',
      published: [...torchvision('vgg13', 133_047_848, 11.308, 69.928, 89.246), inPaper(133e6)],
    },
    vgg13_bn: {
      options: { stages: B, batchNorm: true },
      summary: 'VGG-13 with batch normalization.',
      published: torchvision('vgg13_bn', 133_053_736, 11.308, 71.586, 90.374),
    },
    vgg16: {
      options: { stages: D },
      summary: 'VGG-16, configuration D.',
      published: [...torchvision('vgg16', 138_357_544, 15.47, 71.592, 90.382), inPaper(138e6)],
    },
    vgg16_bn: {
      options: { stages: D, batchNorm: true },
      summary: 'VGG-16 with batch normalization.',
      published: torchvision('vgg16_bn', 138_365_992, 15.47, 73.36, 91.516),
    },
    vgg19: {
      options: { stages: E },
      summary: 'VGG-19, configuration E.',
      published: [...torchvision('vgg19', 143_667_240, 19.632, 72.376, 90.876), inPaper(144e6)],
    },
    vgg19_bn: {
      options: { stages: E, batchNorm: true },
      summary: 'VGG-19 with batch normalization.',
      published: torchvision('vgg19_bn', 143_678_248, 19.632, 74.218, 91.842),
    },
    vgg16_lecture: {
      options: { stages: stages(2, 2, 2, 3, 3), layout: 'lecture', dropout: 0 },
      summary: 'VGG-16 as the lecture counts it: two convolutions in stage 3, where the paper has three.',
      published: [
        {
          quantity: 'memoryMiB',
          value: 48.6,
          rounding: 0.1,
          source: `${lectureSource}; convolution and fully connected rows`,
          note: 'Ours is 48.65, of which the lecture gives the first three digits; totals.memoryKiB sums all layers and is larger.',
        },
        { quantity: 'flops', value: 13.6e9, rounding: 1e8, source: `${lectureSource}; its convention counts a multiply-add as one` },
        { quantity: 'params', value: 138e6, rounding: 1e6, source: lectureSource },
      ],
    },
  },
  check: ({ stages: given }) => {
    const violations: OptionViolation[] = []
    given.forEach(({ kernelSize }, i) => {
      if (kernelSize % 2 === 0)
        violations.push({
          path: `/stages/${i}/kernelSize`,
          message: `kernelSize ${kernelSize} cannot keep the size: use an odd one, such as ${kernelSize + 1}`,
        })
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
    o.stages.forEach(({ convs, channels: outChannels, kernelSize }, s) => {
      for (let c = 1; c <= convs; c++) {
        const n = `${s + 1}_${c}`
        feature('Conv2d', `conv${n}`, { outChannels, kernelSize, padding: (kernelSize - 1) / 2 })
        if (o.batchNorm) feature('BatchNorm2d', `bn${n}`)
        feature('ReLU', `relu${n}`)
      }
      feature('MaxPool2d', `pool${s + 1}`, { kernelSize: 2, stride: 2 })
    })
    if (lecture) return g.build(lectureHead(g, x, o.stages.length + 1, o))
    x = g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 7 })
    x = g.add('Flatten', 'flatten', x)
    for (const n of [0, 3]) {
      x = g.add('Linear', `classifier.${n}`, x, { outFeatures: o.hiddenFeatures })
      x = g.add('ReLU', `classifier.${n + 1}`, x)
      if (o.dropout > 0) x = g.add('Dropout', `classifier.${n + 2}`, x, { p: o.dropout })
    }
    return g.build(g.add('Linear', 'classifier.6', x, { outFeatures: o.classes }))
  },
})
