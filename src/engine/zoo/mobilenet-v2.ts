import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { convNormActivation, makeDivisible } from './shared/blocks.ts'
import { defineFamily } from './shared/family.ts'
import { atMostInAll, channels, dropout, familyOptions, imageInput, integer, list, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018'
const maxBlocks = 128

const Stage = Type.Object(
  {
    expansion: Type.Integer({ minimum: 1, maximum: 16, description: 'Factor by which a block widens its input (t).' }),
    channels: channels('Output channels before the width multiplier (c).'),
    repeats: Type.Integer({ minimum: 1, maximum: 64, description: 'Blocks (n).' }),
    stride: Type.Integer({ minimum: 1, maximum: 2, description: 'Stride of the first block (s).' }),
  },
  { additionalProperties: false },
)

/** Table 2 of the paper. */
const table2 = (
  [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const
).map(([expansion, outChannels, repeats, stride]) => ({ expansion, channels: outChannels, repeats, stride }))

/** MobileNet v2: inverted residuals with linear bottlenecks. */
export const mobilenetV2 = defineFamily({
  name: 'mobilenet_v2',
  summary: 'MobileNet v2: inverted residuals with linear bottlenecks, scaled by a width multiplier.',
  source: paper,
  options: familyOptions({
    widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every layer (α); the last convolution never has fewer than 1280.'),
    roundTo: integer(8, 1, 64, 'Channels are rounded to a multiple of this.'),
    stages: list(Stage, table2, 1, 16, `The inverted residuals, as in table 2 of the paper; at most ${maxBlocks} blocks in all.`),
    dropout: dropout(0.2, 'before the classifier'),
  }),
  presets: {
    mobilenet_v2: {
      options: {},
      summary: 'MobileNet v2 1.0.',
      published: [
        ...torchvision('mobilenet_v2', 3_504_872, 0.301, 71.878, 90.286),
        {
          quantity: 'params',
          value: 3.4e6,
          rounding: 1e5,
          source: `${paper}, table 4`,
          note: 'Without batch normalization’s scales and shifts ours is 3.47 M, the figure beside the authors’ checkpoints.',
        },
        {
          quantity: 'macs',
          value: 300e6,
          rounding: 1e6,
          source: `${paper}, table 4`,
          note: 'Ours is 300.8 M; the authors cut to whole millions.',
        },
      ],
    },
  },
  check: (o) =>
    atMostInAll(
      o.stages.map(({ repeats }) => repeats),
      maxBlocks,
      '/stages',
      'blocks',
    ),
  build: (o) => {
    const g = new GraphBuilder()
    const scaled = (value: number) => makeDivisible(value * o.widthMultiplier, o.roundTo)
    const activation = 'ReLU6'
    let width = scaled(32)
    let x = convNormActivation(g, 'features.0', imageInput(g, o.resolution), {
      outChannels: width,
      kernelSize: 3,
      stride: 2,
      activation,
    })
    let index = 1
    for (const stage of o.stages) {
      const outChannels = scaled(stage.channels)
      for (let r = 0; r < stage.repeats; r++) {
        const id = `features.${index++}`
        const stride = r === 0 ? stage.stride : 1
        const hidden = width * stage.expansion
        let part = 0
        let y = x
        if (stage.expansion !== 1) y = convNormActivation(g, `${id}.conv.${part++}`, y, { outChannels: hidden, kernelSize: 1, activation })
        y = convNormActivation(g, `${id}.conv.${part++}`, y, { outChannels: hidden, kernelSize: 3, stride, groups: hidden, activation })
        y = g.add('Conv2d', `${id}.conv.${part++}`, y, { outChannels, kernelSize: 1, bias: false })
        y = g.add('BatchNorm2d', `${id}.conv.${part}`, y)
        x = stride === 1 && width === outChannels ? g.add('Add', `${id}.add`, [x, y]) : y
        width = outChannels
      }
    }
    const outChannels = makeDivisible(1280 * Math.max(1, o.widthMultiplier), o.roundTo)
    x = convNormActivation(g, `features.${index}`, x, { outChannels, kernelSize: 1, activation })
    x = g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1, functional: true }))
    if (o.dropout > 0) x = g.add('Dropout', 'classifier.0', x, { p: o.dropout })
    return g.build(g.add('Linear', 'classifier.1', x, { outFeatures: o.classes }))
  },
})
