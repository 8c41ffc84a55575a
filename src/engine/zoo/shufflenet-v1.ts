import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily, type OptionViolation, type PublishedFigure } from './shared/family.ts'
import { atMostInAll, channels, familyOptions, imageInput, integer, list } from './shared/options.ts'

const paper = 'Zhang, Zhou, Lin and Sun, "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR 2018'
const inPaper = (macs: number, top1: number, note?: string): PublishedFigure[] => [
  { quantity: 'macs', value: macs, rounding: 1e6, source: `${paper}, table 1`, ...(note ? { note } : {}) },
  { quantity: 'top1', value: top1, source: `${paper}, table 2: error ${(100 - top1).toFixed(1)} %` },
]
const without = (millions: string) => `Ours without the classifier is ${millions} M; so counted, all five figures of the table are ours.`
const maxUnits = 128

/** ShuffleNet v1: bottlenecks of grouped 1×1 convolutions, with a shuffle of the channels between. */
export const shufflenetV1 = defineFamily({
  name: 'shufflenet_v1',
  summary: 'ShuffleNet v1: residual bottlenecks whose 1×1 convolutions are grouped, and whose channels are shuffled between them.',
  source: paper,
  options: familyOptions({
    groups: integer(3, 1, 64, 'Groups of the 1×1 convolutions (g); the first of all has one group, since its input is narrow.'),
    stemChannels: integer(24, 1, 4096, 'Channels of the first convolution.'),
    stageChannels: list(
      channels(),
      [240, 480, 960],
      1,
      6,
      'Output channels of each stage, each more than the one before; a unit’s bottleneck has a quarter of them.',
    ),
    stageRepeats: list(
      Type.Integer({ minimum: 1, maximum: maxUnits }),
      [4, 8, 4],
      1,
      6,
      `Units of each stage, as many entries as stageChannels, at most ${maxUnits} units in all; the first halves the resolution.`,
    ),
  }),
  presets: {
    shufflenet_v1_g1: {
      options: { groups: 1, stageChannels: [144, 288, 576] },
      summary: 'ShuffleNet v1 1×, one group.',
      published: inPaper(143e6, 66.4),
    },
    shufflenet_v1_g2: {
      options: { groups: 2, stageChannels: [200, 400, 800] },
      summary: 'ShuffleNet v1 1×, two groups.',
      published: inPaper(140e6, 67.3, without('140.04')),
    },
    shufflenet_v1_g3: {
      options: {},
      summary: 'ShuffleNet v1 1×, three groups.',
      published: inPaper(137e6, 67.4),
    },
    shufflenet_v1_g4: {
      options: { groups: 4, stageChannels: [272, 544, 1088] },
      summary: 'ShuffleNet v1 1×, four groups.',
      published: inPaper(133e6, 67.2, without('133.25')),
    },
    shufflenet_v1_g8: {
      options: { groups: 8, stageChannels: [384, 768, 1536] },
      summary: 'ShuffleNet v1 1×, eight groups.',
      published: inPaper(137e6, 67.6, without('136.83')),
    },
  },
  check: (o) => {
    const violations: OptionViolation[] = atMostInAll(o.stageRepeats, maxUnits, '/stageRepeats', 'units')
    if (o.stageChannels.length !== o.stageRepeats.length)
      violations.push({
        path: '/stageRepeats',
        message: `stageRepeats has ${o.stageRepeats.length} entries, but stageChannels has ${o.stageChannels.length}: give each stage both`,
      })
    const multiple = 4 * o.groups
    let before = o.stemChannels
    o.stageChannels.forEach((width, i) => {
      const path = `/stageChannels/${i}`
      // The unit that halves the resolution joins its input to what it computes, so that needs channels left to compute.
      const right = multiple * (Math.floor(Math.max(width - 1, before) / multiple) + 1)
      if (width % multiple !== 0)
        violations.push({ path, message: `stageChannels ${width} must be a multiple of 4 × groups (${multiple}): use ${right}` })
      else if (width <= before)
        violations.push({ path, message: `stageChannels ${width} must be more than the ${before} channels before it: use ${right}` })
      else if (i === 0 && (width - before) % o.groups !== 0)
        violations.push({
          path: '/stemChannels',
          message: `stemChannels ${before} leaves ${width - before} channels of stageChannels ${width}, which ${o.groups} groups cannot share: use a multiple of ${o.groups}`,
        })
      before = width
    })
    return violations
  },
  build: (o) => {
    const g = new GraphBuilder()
    const pointwise = (id: string, x: string, outChannels: number, groups: number) =>
      g.add(
        'BatchNorm2d',
        `${id}.bn`,
        g.add('Conv2d', `${id}.conv`, x, { outChannels, kernelSize: 1, ...(groups === 1 ? {} : { groups }), bias: false }),
      )
    const window = { kernelSize: 3, stride: 2, padding: 1 }
    let x = g.add('Conv2d', 'conv1.conv', imageInput(g, o.resolution), { outChannels: o.stemChannels, ...window, bias: false })
    x = g.add('ReLU', 'conv1.relu', g.add('BatchNorm2d', 'conv1.bn', x))
    x = g.add('MaxPool2d', 'maxpool', x, window)
    let width = o.stemChannels
    o.stageChannels.forEach((outChannels, s) => {
      const bottleneck = outChannels / 4
      for (let u = 0; u < o.stageRepeats[s]!; u++) {
        const id = `stage${s + 2}.${u}`
        const stride = u === 0 ? 2 : 1
        let y = g.add('ReLU', `${id}.reduce.relu`, pointwise(`${id}.reduce`, x, bottleneck, s === 0 && u === 0 ? 1 : o.groups))
        if (o.groups > 1) y = g.add('ChannelShuffle', `${id}.shuffle`, y, { groups: o.groups })
        y = g.add('Conv2d', `${id}.depthwise.conv`, y, {
          outChannels: bottleneck,
          kernelSize: 3,
          stride,
          padding: 1,
          groups: bottleneck,
          bias: false,
        })
        y = g.add('BatchNorm2d', `${id}.depthwise.bn`, y)
        y = pointwise(`${id}.expand`, y, stride === 2 ? outChannels - width : outChannels, o.groups)
        x =
          stride === 2
            ? g.add('Concat', `${id}.concat`, [g.add('AvgPool2d', `${id}.shortcut`, x, window), y])
            : g.add('Add', `${id}.add`, [x, y])
        x = g.add('ReLU', `${id}.relu`, x)
        width = outChannels
      }
    })
    x = g.add('Flatten', 'flatten', g.add('GlobalAvgPool2d', 'globalpool', x))
    return g.build(g.add('Linear', 'fc', x, { outFeatures: o.classes }))
  },
})
