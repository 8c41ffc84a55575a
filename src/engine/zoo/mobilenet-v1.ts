import { GraphBuilder } from '../builder.ts'
import { defineFamily, type PublishedFigure } from './shared/family.ts'
import { dropout, familyOptions, imageInput, number } from './shared/options.ts'

const paper = 'Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017'
const inPaper = (params: number, macs: number, top1: number): PublishedFigure[] => [
  { quantity: 'params', value: params, rounding: 1e5, source: `${paper}, table 6` },
  { quantity: 'macs', value: macs, rounding: 1e6, source: `${paper}, table 6` },
  { quantity: 'top1', value: top1, source: `${paper}, table 6` },
]

/** Table 1: outputs of each depthwise separable block, and the stride of its depthwise half. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
] as const

/** MobileNet v1: depthwise separable convolutions in a chain. */
export const mobilenetV1 = defineFamily({
  name: 'mobilenet_v1',
  summary: 'MobileNet v1: a chain of depthwise separable convolutions, scaled by a width multiplier. Padding as TensorFlow’s "same".',
  source: paper,
  options: familyOptions({
    widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every layer (α), rounded down, and never fewer than 8.'),
    dropout: dropout(0.001, 'before the classifier'),
  }),
  presets: {
    mobilenet_v1: {
      options: {},
      summary: 'MobileNet v1 1.0.',
      published: inPaper(4.2e6, 569e6, 70.6),
    },
    mobilenet_v1_x0_75: {
      options: { widthMultiplier: 0.75 },
      summary: 'MobileNet v1 0.75.',
      published: inPaper(2.6e6, 325e6, 68.4),
    },
    mobilenet_v1_x0_5: {
      options: { widthMultiplier: 0.5 },
      summary: 'MobileNet v1 0.5.',
      published: inPaper(1.3e6, 149e6, 63.7),
    },
    mobilenet_v1_x0_25: {
      options: { widthMultiplier: 0.25 },
      summary: 'MobileNet v1 0.25.',
      published: inPaper(0.5e6, 41e6, 50.6),
    },
  },
  build: (o) => {
    const g = new GraphBuilder()
    const scaled = (value: number) => Math.max(8, Math.floor(value * o.widthMultiplier))
    const unit = (id: string, x: string, outChannels: number, kernelSize: number, stride: number, groups = 1) => {
      const y = g.add('Conv2d', id, x, {
        outChannels,
        kernelSize,
        ...(stride === 1 ? {} : { stride }),
        ...(kernelSize === 1 ? {} : { padding: 'same' }),
        ...(groups === 1 ? {} : { groups }),
        bias: false,
      })
      return g.add('ReLU6', `${id}_relu`, g.add('BatchNorm2d', `${id}_bn`, y, { eps: 0.001 }))
    }
    let width = scaled(32)
    let x = unit('conv1', imageInput(g, o.resolution), width, 3, 2)
    blocks.forEach(([outChannels, stride], i) => {
      x = unit(`conv_dw_${i + 1}`, x, width, 3, stride, width)
      width = scaled(outChannels)
      x = unit(`conv_pw_${i + 1}`, x, width, 1, 1)
    })
    x = g.add('Flatten', 'flatten', g.add('GlobalAvgPool2d', 'global_average_pooling2d', x))
    if (o.dropout > 0) x = g.add('Dropout', 'dropout', x, { p: o.dropout })
    return g.build(g.add('Linear', 'conv_preds', x, { outFeatures: o.classes }))
  },
})
