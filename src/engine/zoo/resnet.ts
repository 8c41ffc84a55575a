import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily, type OptionViolation, type PublishedFigure } from './shared/family.ts'
import { atMostInAll, boolean, familyOptions, imageInput, integer, list } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016'
const v15 =
  'Multiply-adds of the paper’s network, which has the stride in the first 1×1; torchvision has it in the 3×3 (v1.5), which costs more.'
const inPaper = (macs: number, note?: string): PublishedFigure => ({
  quantity: 'macs',
  value: macs,
  rounding: 1e8,
  source: `${paper}, table 1`,
  ...(note ? { note } : {}),
})
const maxBlocks = 128

/** ResNet, Wide ResNet and ResNeXt: residual stages of basic or bottleneck blocks. */
export const resnet = defineFamily({
  name: 'resnet',
  summary: 'ResNet, Wide ResNet and ResNeXt: four stages of residual blocks, basic or bottleneck.',
  source: `${paper}; Zagoruyko and Komodakis, "Wide Residual Networks", BMVC 2016; Xie et al., "Aggregated Residual Transformations", CVPR 2017`,
  options: familyOptions({
    block: Type.Optional(
      Type.Union([Type.Literal('basic'), Type.Literal('bottleneck')], {
        default: 'bottleneck',
        description: '"basic": two 3×3 convolutions; "bottleneck": 1×1, 3×3, 1×1 with four times the channels at its end.',
      }),
    ),
    depths: list(
      Type.Integer({ minimum: 1, maximum: maxBlocks }),
      [3, 4, 6, 3],
      1,
      6,
      `Blocks of each stage, at most ${maxBlocks} in all; each stage after the first halves the resolution and doubles the channels.`,
    ),
    baseChannels: integer(64, 1, 1024, 'Channels of the stem, and of the first stage’s blocks.'),
    cardinality: integer(1, 1, 256, 'ResNeXt: groups of the 3×3 convolution of a bottleneck.'),
    widthPerGroup: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 1024 }), Type.Literal('equalCost')], {
        default: 64,
        description:
          'Channels of each group of a bottleneck’s 3×3 convolution in the first stage, where baseChannels is 64: 128 is Wide ResNet 2×, 4 ' +
          'is ResNeXt 32×4d. "equalCost" works out the width at which this cardinality costs what one group of 64 does, as table 2 of the ' +
          'ResNeXt paper; the network’s options then say the number.',
      }),
    ),
    strideIn: Type.Optional(
      Type.Union([Type.Literal('3x3'), Type.Literal('1x1')], {
        default: '3x3',
        description:
          'Where a bottleneck halves the resolution: "3x3" as torchvision (v1.5), "1x1" (the first) as the paper and Keras (v1).',
      }),
    ),
    convBias: boolean(false, 'A bias in every convolution, as in Keras, although batch normalization follows.'),
  }),
  presets: {
    resnet18: {
      options: { block: 'basic', depths: [2, 2, 2, 2] },
      summary: 'ResNet-18.',
      published: [...torchvision('resnet18', 11_689_512, 1.814, 69.758, 89.078), inPaper(1.8e9)],
    },
    resnet34: {
      options: { block: 'basic' },
      summary: 'ResNet-34.',
      published: [
        ...torchvision('resnet34', 21_797_672, 3.664, 73.314, 91.42),
        inPaper(3.6e9, 'Without the three 1×1 convolutions on the shortcuts (the paper’s option A) ours is 3.644 G.'),
      ],
    },
    resnet50: {
      options: {},
      summary: 'ResNet-50 v1.5.',
      published: [...torchvision('resnet50', 25_557_032, 4.089, 76.13, 92.862), inPaper(3.8e9, v15)],
    },
    resnet101: {
      options: { depths: [3, 4, 23, 3] },
      summary: 'ResNet-101 v1.5.',
      published: [...torchvision('resnet101', 44_549_160, 7.801, 77.374, 93.546), inPaper(7.6e9, v15)],
    },
    resnet152: {
      options: { depths: [3, 8, 36, 3] },
      summary: 'ResNet-152 v1.5.',
      published: [...torchvision('resnet152', 60_192_808, 11.514, 78.312, 94.046), inPaper(11.3e9, v15)],
    },
    wide_resnet50_2: {
      options: { widthPerGroup: 128 },
      summary: 'Wide ResNet-50-2: twice the width in the 3×3 convolutions.',
      published: torchvision('wide_resnet50_2', 68_883_240, 11.398, 78.468, 94.086),
    },
    wide_resnet101_2: {
      options: { depths: [3, 4, 23, 3], widthPerGroup: 128 },
      summary: 'Wide ResNet-101-2: twice the width in the 3×3 convolutions.',
      published: torchvision('wide_resnet101_2', 126_886_696, 22.753, 78.848, 94.284),
    },
    resnext50_32x4d: {
      options: { cardinality: 32, widthPerGroup: 4 },
      summary: 'ResNeXt-50, 32 groups of 4.',
      published: torchvision('resnext50_32x4d', 25_028_904, 4.23, 77.618, 93.698),
    },
    resnext101_32x8d: {
      options: { depths: [3, 4, 23, 3], cardinality: 32, widthPerGroup: 8 },
      summary: 'ResNeXt-101, 32 groups of 8.',
      published: torchvision('resnext101_32x8d', 88_791_336, 16.414, 79.312, 94.526),
    },
    resnext101_64x4d: {
      options: { depths: [3, 4, 23, 3], cardinality: 64, widthPerGroup: 4 },
      summary: 'ResNeXt-101, 64 groups of 4.',
      published: torchvision('resnext101_64x4d', 83_455_272, 15.46, 83.246, 96.454),
    },
    resnet50_v1: {
      options: { strideIn: '1x1', convBias: true },
      summary: 'ResNet-50 v1 as Keras has it: stride in the first 1×1, convolutions with bias.',
      published: [
        {
          quantity: 'params',
          value: 25_636_712,
          source: 'Keras Applications, ResNet50: count_params()',
          note: 'Keras also counts the 53,120 moving statistics of batch normalization; the trainable ones are 25,583,592.',
        },
        { quantity: 'top1', value: 74.9, source: 'Keras Applications: https://keras.io/api/applications/' },
        { quantity: 'top5', value: 92.1, source: 'Keras Applications: https://keras.io/api/applications/' },
        inPaper(3.8e9, 'Ours is 3.858 G, of which the paper gives the first two digits.'),
      ],
    },
  },
  check: (o) => {
    const violations: OptionViolation[] = atMostInAll(o.depths, maxBlocks, '/depths', 'blocks')
    const refuse = (path: string, given: unknown, only: string) =>
      violations.push({ path: `/${path}`, message: `${path} ${given} needs block "bottleneck": leave ${path} at ${only}, or change block` })
    if (o.block === 'basic') {
      if (o.cardinality !== 1) refuse('cardinality', o.cardinality, '1')
      if (o.widthPerGroup !== 64) refuse('widthPerGroup', o.widthPerGroup, '64')
      if (o.strideIn !== '3x3') refuse('strideIn', `"${o.strideIn}"`, '"3x3"')
    } else if (o.widthPerGroup === 'equalCost' && !keepsCost(o.cardinality)) {
      let fewer = o.cardinality
      while (!keepsCost(fewer)) fewer--
      violations.push({
        path: '/cardinality',
        message:
          `cardinality ${o.cardinality} has no whole widthPerGroup within a tenth of the bottleneck’s cost (${equalCostWidth(o.cardinality)} is ` +
          `nearest): use another, such as ${fewer}, or give widthPerGroup as a number`,
      })
    } else if (groupWidth(o.baseChannels, widthOf(o)) < 1)
      violations.push({
        path: '/widthPerGroup',
        message: `widthPerGroup ${widthOf(o)} leaves no channel at baseChannels ${o.baseChannels}: use at least ${Math.ceil(64 / o.baseChannels)}`,
      })
    return violations
  },
  resolve: (o) => ({ ...o, widthPerGroup: widthOf(o) }),
  build: (o) => {
    const g = new GraphBuilder()
    const bias = o.convBias ? {} : { bias: false }
    const conv = (id: string, x: string, outChannels: number, kernelSize: number, stride: number, groups = 1) =>
      g.add('Conv2d', id, x, {
        outChannels,
        kernelSize,
        ...(stride === 1 ? {} : { stride }),
        ...(kernelSize === 1 ? {} : { padding: (kernelSize - 1) / 2 }),
        ...(groups === 1 ? {} : { groups }),
        ...bias,
      })
    /** Convolution, batch normalization and ReLU number n of a block; torchvision calls its one ReLU several times. */
    const unit = (id: string, n: number, x: string, outChannels: number, kernelSize: number, stride: number, groups = 1) => {
      const y = g.add('BatchNorm2d', `${id}.bn${n}`, conv(`${id}.conv${n}`, x, outChannels, kernelSize, stride, groups))
      return g.add('ReLU', n === 1 ? `${id}.relu` : `${id}.relu_${n - 1}`, y)
    }
    const body = (id: string, x: string, planes: number, stride: number) => {
      if (o.block === 'basic') {
        const y = unit(id, 1, x, planes, 3, stride)
        return g.add('BatchNorm2d', `${id}.bn2`, conv(`${id}.conv2`, y, planes, 3, 1))
      }
      const width = groupWidth(planes, widthOf(o)) * o.cardinality
      const first = o.strideIn === '1x1' ? stride : 1
      const y = unit(id, 2, unit(id, 1, x, width, 1, first), width, 3, stride / first, o.cardinality)
      return g.add('BatchNorm2d', `${id}.bn3`, conv(`${id}.conv3`, y, planes * 4, 1, 1))
    }
    let x = g.add('ReLU', 'relu', g.add('BatchNorm2d', 'bn1', conv('conv1', imageInput(g, o.resolution), o.baseChannels, 7, 2)))
    x = g.add('MaxPool2d', 'maxpool', x, { kernelSize: 3, stride: 2, padding: 1 })
    let before = o.baseChannels
    o.depths.forEach((depth, s) => {
      const planes = o.baseChannels * 2 ** s
      const after = o.block === 'basic' ? planes : planes * 4
      for (let b = 0; b < depth; b++) {
        const id = `layer${s + 1}.${b}`
        const stride = b === 0 && s > 0 ? 2 : 1
        const y = body(id, x, planes, stride)
        if (stride !== 1 || before !== after)
          x = g.add('BatchNorm2d', `${id}.downsample.1`, conv(`${id}.downsample.0`, x, after, 1, stride))
        x = g.add('ReLU', o.block === 'basic' ? `${id}.relu_1` : `${id}.relu_2`, g.add('Add', `${id}.add`, [y, x]))
        before = after
      }
    })
    x = g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 }))
    return g.build(g.add('Linear', 'fc', x, { outFeatures: o.classes }))
  },
})

/** Channels of one group of a bottleneck with this many planes: torchvision's `int(planes * (base_width / 64))`. */
function groupWidth(planes: number, widthPerGroup: number): number {
  return Math.floor((planes * widthPerGroup) / 64)
}

/** The number that `widthPerGroup` is or comes to. */
function widthOf({ cardinality, widthPerGroup }: { cardinality: number; widthPerGroup: number | 'equalCost' }): number {
  return widthPerGroup === 'equalCost' ? equalCostWidth(cardinality) : widthPerGroup
}

/** Weights of a bottleneck on 256 channels with C groups of d: C·(256·d + 3·3·d·d + d·256), Xie et al., section 3.3. */
const bottleneckCost = (cardinality: number, d: number) => cardinality * (256 * d + 9 * d * d + d * 256)
const plainCost = bottleneckCost(1, 64)

/** The whole d nearest to the root of bottleneckCost(C, d) = 69,632, what ResNet's own bottleneck has (C = 1, d = 64). */
function equalCostWidth(cardinality: number): number {
  return Math.max(1, Math.round((Math.sqrt(512 ** 2 + (36 * plainCost) / cardinality) - 512) / 18))
}

const keepsCost = (cardinality: number) => Math.abs(bottleneckCost(cardinality, equalCostWidth(cardinality)) / plainCost - 1) <= 0.1
