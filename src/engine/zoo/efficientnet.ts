import { type Static, Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { convNormActivation, makeDivisible, squeezeExcitation } from './shared/blocks.ts'
import { defineFamily, type OptionViolation, type PublishedFigure } from './shared/family.ts'
import { atMostInAll, channels, dropout, familyOptions, imageInput, integer, list, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const first = 'Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019'
const second = 'Tan and Le, "EfficientNetV2: Smaller Models and Faster Training", ICML 2021'
const unsaid = 'The paper does not say how its figure is made up; ours are torchvision’s, digit for digit.'
/** Figures of a paper's table; a note for each that ours does not round to. */
const inPaper = (source: string, params: [number, number, string?], macs: [number, number, string?]): PublishedFigure[] =>
  ([['params', params] as const, ['macs', macs] as const] as const).map(([quantity, [value, rounding, note]]) => ({
    quantity,
    value,
    rounding,
    source,
    ...(note ? { note } : {}),
  }))
const table2 = `${first}, table 2`
const table7 = `${second}, table 7`
const maxBlocks = 96

const Stage = Type.Object(
  {
    block: Type.Optional(
      Type.Union([Type.Literal('separable'), Type.Literal('fused')], {
        default: 'separable',
        description:
          '"separable": expansion, depthwise convolution, squeeze-and-excitation, projection (MBConv); "fused": one convolution expands, ' +
          'and no squeeze-and-excitation (Fused-MBConv).',
      }),
    ),
    expansion: Type.Integer({ minimum: 1, maximum: 16, description: 'Channels inside the block, in channels of its input.' }),
    kernelSize: Type.Integer({ minimum: 1, maximum: 15, description: 'Window, odd.' }),
    stride: Type.Integer({ minimum: 1, maximum: 2, description: 'Of the first block; the others have 1.' }),
    channels: channels('Output channels.'),
    repeats: Type.Integer({ minimum: 1, maximum: 64, description: 'Blocks before the depth multiplier.' }),
  },
  { additionalProperties: false },
)
type StageRow = readonly [expansion: number, kernelSize: number, stride: number, channels: number, repeats: number]
const stagesOf = (block: 'separable' | 'fused', rows: readonly StageRow[]): Static<typeof Stage>[] =>
  rows.map(([expansion, kernelSize, stride, outChannels, repeats]) => ({
    block,
    expansion,
    kernelSize,
    stride,
    channels: outChannels,
    repeats,
  }))

/** Table 1 of the first paper, B0. */
const b0 = stagesOf('separable', [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
])
/** Options of a v2 network: table 4 of the second paper for S. */
const v2 = (fused: readonly StageRow[], separable: readonly StageRow[], stemChannels: number, drop: number, resolution: number) => ({
  stages: [...stagesOf('fused', fused), ...stagesOf('separable', separable)],
  stemChannels,
  headChannels: 1280,
  normEpsilon: 0.001,
  dropout: drop,
  resolution,
})

/** EfficientNet v1 and v2: inverted residuals with squeeze-and-excitation, scaled in width, depth and resolution. */
export const efficientnet = defineFamily({
  name: 'efficientnet',
  summary: 'EfficientNet and EfficientNet v2: inverted residuals with squeeze-and-excitation, scaled in width, depth and resolution.',
  source: `${first}; ${second}`,
  options: familyOptions({
    widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every layer, rounded to multiples of 8.'),
    depthMultiplier: number(1, 0.05, 8, 'Factor on the blocks of every stage, rounded up.'),
    stages: list(Stage, b0, 1, 16, `The stages before the multipliers; at most ${maxBlocks} blocks in all after the depth multiplier.`),
    stemChannels: integer(32, 1, 4096, 'Channels of the first convolution, before the width multiplier.'),
    headChannels: integer(0, 0, 16_384, 'Channels of the last convolution; 0 makes them four times those of the last stage.'),
    normEpsilon: number(1e-5, 1e-12, 1, 'What batch normalization adds to the variance.'),
    dropout: dropout(0.2, 'before the classifier'),
  }),
  presets: {
    efficientnet_b0: {
      options: {},
      summary: 'EfficientNet-B0.',
      published: [...torchvision('efficientnet_b0', 5_288_548, 0.386, 77.692, 93.532), ...inPaper(table2, [5.3e6, 1e5], [0.39e9, 1e7])],
    },
    efficientnet_b1: {
      options: { depthMultiplier: 1.1, resolution: 240 },
      summary: 'EfficientNet-B1.',
      published: [
        ...torchvision('efficientnet_b1', 7_794_184, 0.687, 78.642, 94.186),
        ...inPaper(table2, [7.8e6, 1e5], [0.7e9, 1e7, unsaid]),
      ],
    },
    efficientnet_b2: {
      options: { widthMultiplier: 1.1, depthMultiplier: 1.2, dropout: 0.3, resolution: 288 },
      summary: 'EfficientNet-B2, at torchvision’s resolution of 288.',
      published: [
        ...torchvision('efficientnet_b2', 9_109_994, 1.088, 80.608, 95.31),
        ...inPaper(table2, [9.2e6, 1e5, unsaid], [1e9, 1e8, 'The paper’s B2 has a resolution of 260, torchvision’s 288.']),
      ],
    },
    efficientnet_b3: {
      options: { widthMultiplier: 1.2, depthMultiplier: 1.4, dropout: 0.3, resolution: 300 },
      summary: 'EfficientNet-B3.',
      published: [...torchvision('efficientnet_b3', 12_233_232, 1.827, 82.008, 96.054), ...inPaper(table2, [12e6, 1e6], [1.8e9, 1e8])],
    },
    efficientnet_b4: {
      options: { widthMultiplier: 1.4, depthMultiplier: 1.8, dropout: 0.4, resolution: 380 },
      summary: 'EfficientNet-B4.',
      published: [
        ...torchvision('efficientnet_b4', 19_341_616, 4.394, 83.384, 96.594),
        ...inPaper(table2, [19e6, 1e6], [4.2e9, 1e8, unsaid]),
      ],
    },
    efficientnet_b5: {
      options: { widthMultiplier: 1.6, depthMultiplier: 2.2, normEpsilon: 0.001, dropout: 0.4, resolution: 456 },
      summary: 'EfficientNet-B5.',
      published: [
        ...torchvision('efficientnet_b5', 30_389_784, 10.266, 83.444, 96.628),
        ...inPaper(table2, [30e6, 1e6], [9.9e9, 1e8, unsaid]),
      ],
    },
    efficientnet_b6: {
      options: { widthMultiplier: 1.8, depthMultiplier: 2.6, normEpsilon: 0.001, dropout: 0.5, resolution: 528 },
      summary: 'EfficientNet-B6.',
      published: [...torchvision('efficientnet_b6', 43_040_704, 19.068, 84.008, 96.916), ...inPaper(table2, [43e6, 1e6], [19e9, 1e9])],
    },
    efficientnet_b7: {
      options: { widthMultiplier: 2, depthMultiplier: 3.1, normEpsilon: 0.001, dropout: 0.5, resolution: 600 },
      summary: 'EfficientNet-B7.',
      published: [
        ...torchvision('efficientnet_b7', 66_347_960, 37.746, 84.122, 96.908),
        ...inPaper(table2, [66e6, 1e6], [37e9, 1e9, unsaid]),
      ],
    },
    efficientnet_v2_s: {
      options: v2(
        [
          [1, 3, 1, 24, 2],
          [4, 3, 2, 48, 4],
          [4, 3, 2, 64, 4],
        ],
        [
          [4, 3, 2, 128, 6],
          [6, 3, 1, 160, 9],
          [6, 3, 2, 256, 15],
        ],
        24,
        0.2,
        384,
      ),
      summary: 'EfficientNet v2 S.',
      published: [
        ...torchvision('efficientnet_v2_s', 21_458_488, 8.366, 84.228, 96.878),
        ...inPaper(table7, [22e6, 1e6, unsaid], [8.8e9, 1e8, unsaid]),
      ],
    },
    efficientnet_v2_m: {
      options: v2(
        [
          [1, 3, 1, 24, 3],
          [4, 3, 2, 48, 5],
          [4, 3, 2, 80, 5],
        ],
        [
          [4, 3, 2, 160, 7],
          [6, 3, 1, 176, 14],
          [6, 3, 2, 304, 18],
          [6, 3, 1, 512, 5],
        ],
        24,
        0.3,
        480,
      ),
      summary: 'EfficientNet v2 M.',
      published: [
        ...torchvision('efficientnet_v2_m', 54_139_356, 24.582, 85.112, 97.156),
        ...inPaper(table7, [54e6, 1e6], [24e9, 1e9, unsaid]),
      ],
    },
    efficientnet_v2_l: {
      options: v2(
        [
          [1, 3, 1, 32, 4],
          [4, 3, 2, 64, 7],
          [4, 3, 2, 96, 7],
        ],
        [
          [4, 3, 2, 192, 10],
          [6, 3, 1, 224, 19],
          [6, 3, 2, 384, 25],
          [6, 3, 1, 640, 7],
        ],
        32,
        0.4,
        480,
      ),
      summary: 'EfficientNet v2 L.',
      published: [
        ...torchvision('efficientnet_v2_l', 118_515_272, 56.08, 85.808, 97.788),
        ...inPaper(table7, [120e6, 1e6, unsaid], [53e9, 1e9, unsaid]),
      ],
    },
  },
  check: (o) => {
    const depths = o.stages.map(({ repeats }) => Math.ceil(repeats * o.depthMultiplier))
    const violations: OptionViolation[] = atMostInAll(depths, maxBlocks, '/stages', 'blocks')
    o.stages.forEach(({ kernelSize }, i) => {
      if (kernelSize % 2 === 0)
        violations.push({
          path: `/stages/${i}/kernelSize`,
          message: `kernelSize ${kernelSize} cannot be padded alike on both sides: use an odd one, such as ${kernelSize + 1}`,
        })
    })
    return violations
  },
  build: (o) => {
    const g = new GraphBuilder()
    const scaled = (value: number) => makeDivisible(value * o.widthMultiplier)
    const eps = o.normEpsilon
    const activation = 'SiLU'
    let width = scaled(o.stemChannels)
    let x = convNormActivation(g, 'features.0', imageInput(g, o.resolution), {
      outChannels: width,
      kernelSize: 3,
      stride: 2,
      activation,
      eps,
    })
    o.stages.forEach((stage, s) => {
      const { block, kernelSize, expansion } = stage
      const outChannels = scaled(stage.channels)
      const depth = Math.ceil(stage.repeats * o.depthMultiplier)
      for (let r = 0; r < depth; r++) {
        const id = `features.${s + 1}.${r}`
        const stride = r === 0 ? stage.stride : 1
        const expanded = makeDivisible(width * expansion)
        let part = 0
        const next = () => `${id}.block.${part++}`
        const unit = (y: string, a: { outChannels: number; kernelSize: number; stride?: number; groups?: number }, active = true) =>
          convNormActivation(g, next(), y, { ...a, activation: active ? activation : null, eps })
        let y = x
        if (block === 'fused') {
          y = unit(y, { outChannels: expanded === width ? outChannels : expanded, kernelSize, stride })
          if (expanded !== width) y = unit(y, { outChannels, kernelSize: 1 }, false)
        } else {
          if (expanded !== width) y = unit(y, { outChannels: expanded, kernelSize: 1 })
          y = unit(y, { outChannels: expanded, kernelSize, stride, groups: expanded })
          const squeeze = Math.max(1, Math.floor(width / 4))
          y = squeezeExcitation(g, next(), y, { channels: expanded, squeeze, activation, gate: 'Sigmoid' })
          y = unit(y, { outChannels, kernelSize: 1 }, false)
        }
        x = stride === 1 && width === outChannels ? g.add('Add', `${id}.add`, [y, x]) : y
        width = outChannels
      }
    })
    const head = o.headChannels === 0 ? 4 * width : o.headChannels
    x = convNormActivation(g, `features.${o.stages.length + 1}`, x, { outChannels: head, kernelSize: 1, activation, eps })
    x = g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 }))
    if (o.dropout > 0) x = g.add('Dropout', 'classifier.0', x, { p: o.dropout })
    return g.build(g.add('Linear', 'classifier.1', x, { outFeatures: o.classes }))
  },
})
