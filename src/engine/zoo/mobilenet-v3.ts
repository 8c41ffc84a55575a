import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { convNormActivation, makeDivisible, squeezeExcitation } from './shared/blocks.ts'
import { defineFamily, type PublishedFigure } from './shared/family.ts'
import { boolean, dropout, familyOptions, imageInput, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper = 'Howard et al., "Searching for MobileNetV3", ICCV 2019'
const inPaper = (params: number, macs: number, note: string): PublishedFigure[] => [
  { quantity: 'params', value: params, rounding: 1e5, source: `${paper}, table 3`, note },
  { quantity: 'macs', value: macs, rounding: 1e6, source: `${paper}, table 3`, note },
]

/** Kernel, expanded channels, output channels, squeeze-and-excitation, activation, stride: a row of table 1 or 2. */
type Row = readonly [kernel: number, expanded: number, out: number, squeeze: boolean, activation: 'ReLU' | 'HardSwish', stride: number]

const large: readonly Row[] = [
  [3, 16, 16, false, 'ReLU', 1],
  [3, 64, 24, false, 'ReLU', 2],
  [3, 72, 24, false, 'ReLU', 1],
  [5, 72, 40, true, 'ReLU', 2],
  [5, 120, 40, true, 'ReLU', 1],
  [5, 120, 40, true, 'ReLU', 1],
  [3, 240, 80, false, 'HardSwish', 2],
  [3, 200, 80, false, 'HardSwish', 1],
  [3, 184, 80, false, 'HardSwish', 1],
  [3, 184, 80, false, 'HardSwish', 1],
  [3, 480, 112, true, 'HardSwish', 1],
  [3, 672, 112, true, 'HardSwish', 1],
  [5, 672, 160, true, 'HardSwish', 2],
  [5, 960, 160, true, 'HardSwish', 1],
  [5, 960, 160, true, 'HardSwish', 1],
]

const small: readonly Row[] = [
  [3, 16, 16, true, 'ReLU', 2],
  [3, 72, 24, false, 'ReLU', 2],
  [3, 88, 24, false, 'ReLU', 1],
  [5, 96, 40, true, 'HardSwish', 2],
  [5, 240, 40, true, 'HardSwish', 1],
  [5, 240, 40, true, 'HardSwish', 1],
  [5, 120, 48, true, 'HardSwish', 1],
  [5, 144, 48, true, 'HardSwish', 1],
  [5, 288, 96, true, 'HardSwish', 2],
  [5, 576, 96, true, 'HardSwish', 1],
  [5, 576, 96, true, 'HardSwish', 1],
]

const eps = 0.001

/** MobileNet v3: searched inverted residuals with squeeze-and-excitation and hard swish. */
export const mobilenetV3 = defineFamily({
  name: 'mobilenet_v3',
  summary: 'MobileNet v3: searched inverted residuals with squeeze-and-excitation and hard swish.',
  source: paper,
  options: familyOptions({
    size: Type.Optional(
      Type.Union([Type.Literal('large'), Type.Literal('small')], {
        default: 'large',
        description: 'Table 1 ("large") or table 2 ("small").',
      }),
    ),
    widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every layer, rounded to multiples of 8.'),
    reducedTail: boolean(false, 'Halves the channels of the last stage and of the head, as for detection and segmentation.'),
    dropout: dropout(0.2, 'before the classifier'),
  }),
  presets: {
    mobilenet_v3_large: {
      options: {},
      summary: 'MobileNet v3 large 1.0.',
      published: [
        ...torchvision('mobilenet_v3_large', 5_483_032, 0.217, 74.042, 91.34),
        ...inPaper(5.4e6, 219e6, 'The paper does not say how its figure is made up; ours are torchvision’s, digit for digit.'),
      ],
    },
    mobilenet_v3_small: {
      options: { size: 'small' },
      summary: 'MobileNet v3 small 1.0.',
      published: [
        ...torchvision('mobilenet_v3_small', 2_542_856, 0.057, 67.668, 87.402),
        { quantity: 'params', value: 2.5e6, rounding: 1e5, source: `${paper}, table 3` },
      ],
    },
  },
  build: (o) => {
    const g = new GraphBuilder()
    const scaled = (value: number) => makeDivisible(value * o.widthMultiplier)
    const rows = o.size === 'large' ? large : small
    // The last three blocks, from the one with stride 2 on, shrink with the tail: outputs all, expansions but the first.
    const tail = rows.length - 3
    const reduce = (value: number, from: number, i: number) => (o.reducedTail && i >= from ? Math.floor(value / 2) : value)
    let width = scaled(16)
    let x = convNormActivation(g, 'features.0', imageInput(g, o.resolution), {
      outChannels: width,
      kernelSize: 3,
      stride: 2,
      activation: 'HardSwish',
      eps,
    })
    rows.forEach(([kernelSize, expansion, out, squeeze, activation, stride], i) => {
      const id = `features.${i + 1}`
      const expanded = scaled(reduce(expansion, tail + 1, i))
      const outChannels = scaled(reduce(out, tail, i))
      let part = 0
      const next = () => `${id}.block.${part++}`
      let y = x
      if (expanded !== width) y = convNormActivation(g, next(), y, { outChannels: expanded, kernelSize: 1, activation, eps })
      y = convNormActivation(g, next(), y, { outChannels: expanded, kernelSize, stride, groups: expanded, activation, eps })
      if (squeeze)
        y = squeezeExcitation(g, next(), y, {
          channels: expanded,
          squeeze: makeDivisible(Math.floor(expanded / 4)),
          activation: 'ReLU',
          gate: 'HardSigmoid',
        })
      y = convNormActivation(g, next(), y, { outChannels, kernelSize: 1, activation: null, eps })
      x = stride === 1 && width === outChannels ? g.add('Add', `${id}.add`, [y, x]) : y
      width = outChannels
    })
    x = convNormActivation(g, `features.${rows.length + 1}`, x, { outChannels: 6 * width, kernelSize: 1, activation: 'HardSwish', eps })
    x = g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 }))
    const hidden = scaled(reduce(o.size === 'large' ? 1280 : 1024, 0, 0))
    x = g.add('HardSwish', 'classifier.1', g.add('Linear', 'classifier.0', x, { outFeatures: hidden }))
    if (o.dropout > 0) x = g.add('Dropout', 'classifier.2', x, { p: o.dropout })
    return g.build(g.add('Linear', 'classifier.3', x, { outFeatures: o.classes }))
  },
})
