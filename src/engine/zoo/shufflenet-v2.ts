import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily, type OptionViolation, type PublishedFigure } from './shared/family.ts'
import { atMostInAll, channels, familyOptions, imageInput, integer, list } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'Ma, Zhang, Zheng and Sun, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018'
const inPaper = (params: number, macs: number): PublishedFigure[] => [
  { quantity: 'params', value: params, rounding: 1e5, source: `${paper}, table 5` },
  {
    quantity: 'macs',
    value: macs,
    rounding: 1e6,
    source: `${paper}, table 5`,
    note: 'One to two percent above the multiply-adds of the convolutions and the classifier; the paper does not say what else it counts.',
  },
]
const maxBlocks = 128

/** ShuffleNet v2: units that split the channels, work on one half, and shuffle both together. */
export const shufflenetV2 = defineFamily({
  name: 'shufflenet_v2',
  summary: 'ShuffleNet v2: units that split the channels, work on one half, and shuffle both together.',
  source: paper,
  options: familyOptions({
    stemChannels: integer(24, 1, 4096, 'Channels of the first convolution.'),
    stageChannels: list(channels(), [116, 232, 464], 1, 6, 'Channels of each stage, even.'),
    stageRepeats: list(
      Type.Integer({ minimum: 1, maximum: maxBlocks }),
      [4, 8, 4],
      1,
      6,
      `Units of each stage, as many entries as stageChannels, at most ${maxBlocks} units in all; the first halves the resolution.`,
    ),
    headChannels: integer(1024, 1, 16_384, 'Channels of the last convolution.'),
  }),
  presets: {
    shufflenet_v2_x0_5: {
      options: { stageChannels: [48, 96, 192] },
      summary: 'ShuffleNet v2 0.5×.',
      published: [...torchvision('shufflenet_v2_x0_5', 1_366_792, 0.04, 60.552, 81.746), ...inPaper(1.4e6, 41e6)],
    },
    shufflenet_v2_x1_0: {
      options: {},
      summary: 'ShuffleNet v2 1×.',
      published: [...torchvision('shufflenet_v2_x1_0', 2_278_604, 0.145, 69.362, 88.316), ...inPaper(2.3e6, 146e6)],
    },
    shufflenet_v2_x1_5: {
      options: { stageChannels: [176, 352, 704] },
      summary: 'ShuffleNet v2 1.5×.',
      published: [...torchvision('shufflenet_v2_x1_5', 3_503_624, 0.296, 72.996, 91.086), ...inPaper(3.5e6, 299e6)],
    },
    shufflenet_v2_x2_0: {
      options: { stageChannels: [244, 488, 976], headChannels: 2048 },
      summary: 'ShuffleNet v2 2×.',
      published: [...torchvision('shufflenet_v2_x2_0', 7_393_996, 0.583, 76.23, 93.006), ...inPaper(7.4e6, 591e6)],
    },
  },
  check: (o) => {
    const violations: OptionViolation[] = atMostInAll(o.stageRepeats, maxBlocks, '/stageRepeats', 'units')
    if (o.stageChannels.length !== o.stageRepeats.length)
      violations.push({
        path: '/stageRepeats',
        message: `stageRepeats has ${o.stageRepeats.length} entries, but stageChannels has ${o.stageChannels.length}: give each stage both`,
      })
    o.stageChannels.forEach((width, i) => {
      if (width % 2 !== 0)
        violations.push({
          path: `/stageChannels/${i}`,
          message: `stageChannels ${width} cannot be split in two: use an even number, such as ${width + 1}`,
        })
    })
    return violations
  },
  build: (o) => {
    const g = new GraphBuilder()
    const conv = (id: string, n: number, x: string, outChannels: number, relu: boolean) => {
      const y = g.add('Conv2d', `${id}.${n}`, x, { outChannels, kernelSize: 1, bias: false })
      const z = g.add('BatchNorm2d', `${id}.${n + 1}`, y)
      return relu ? g.add('ReLU', `${id}.${n + 2}`, z) : z
    }
    const depthwise = (id: string, n: number, x: string, width: number, stride: number) =>
      g.add(
        'BatchNorm2d',
        `${id}.${n + 1}`,
        g.add('Conv2d', `${id}.${n}`, x, { outChannels: width, kernelSize: 3, stride, padding: 1, groups: width, bias: false }),
      )
    let x = g.add('Conv2d', 'conv1.0', imageInput(g, o.resolution), {
      outChannels: o.stemChannels,
      kernelSize: 3,
      stride: 2,
      padding: 1,
      bias: false,
    })
    x = g.add('ReLU', 'conv1.2', g.add('BatchNorm2d', 'conv1.1', x))
    x = g.add('MaxPool2d', 'maxpool', x, { kernelSize: 3, stride: 2, padding: 1 })
    let width = o.stemChannels
    o.stageChannels.forEach((outChannels, s) => {
      const half = outChannels / 2
      for (let u = 0; u < o.stageRepeats[s]!; u++) {
        const id = `stage${s + 2}.${u}`
        const stride = u === 0 ? 2 : 1
        const split = stride === 1 ? g.add('Split', `${id}.split`, x, { chunks: 2 }) : x
        const left = stride === 1 ? split : conv(`${id}.branch1`, 2, depthwise(`${id}.branch1`, 0, x, width, stride), half, true)
        let right = conv(`${id}.branch2`, 0, stride === 1 ? `${split}:1` : x, half, true)
        right = conv(`${id}.branch2`, 5, depthwise(`${id}.branch2`, 3, right, half, stride), half, true)
        x = g.add('ChannelShuffle', `${id}.shuffle`, g.add('Concat', `${id}.concat`, [left, right]), { groups: 2 })
        width = outChannels
      }
    })
    x = conv('conv5', 0, x, o.headChannels, true)
    x = g.add('Flatten', 'flatten', g.add('GlobalAvgPool2d', 'mean', x))
    return g.build(g.add('Linear', 'fc', x, { outFeatures: o.classes }))
  },
})
