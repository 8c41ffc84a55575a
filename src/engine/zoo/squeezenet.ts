import { Type } from 'typebox'
import { GraphBuilder } from '../builder.ts'
import { defineFamily, type OptionViolation } from './shared/family.ts'
import { dropout, familyOptions, imageInput, integer, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const paper =
  'Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size", 2016 (arXiv:1602.07360)'

type FireOptions = { baseExpand: number; expandIncrement: number; increaseEvery: number; squeezeRatio: number; share3x3: number }

/** Channels of fire module i by the paper's metaparameters (section 5.1): e = base + increment · ⌊i / freq⌋, s = SR · e. */
function fireWidths(i: number, o: FireOptions): { squeeze: number; expand1x1: number; expand3x3: number } {
  const expand = o.baseExpand + o.expandIncrement * Math.floor(i / o.increaseEvery)
  const expand3x3 = Math.round(expand * o.share3x3)
  return { squeeze: Math.round(expand * o.squeezeRatio), expand1x1: expand - expand3x3, expand3x3 }
}

/** SqueezeNet: fire modules, which squeeze by 1×1 and expand by 1×1 beside 3×3; a convolution as classifier. */
export const squeezenet = defineFamily({
  name: 'squeezenet',
  summary: 'SqueezeNet: eight fire modules and a convolution as classifier.',
  source: paper,
  options: familyOptions({
    version: Type.Optional(
      Type.Union([Type.Literal('1_0'), Type.Literal('1_1')], {
        default: '1_0',
        description: '"1_0": the paper, 96 filters of 7×7 first; "1_1": the authors’ cheaper one, 64 of 3×3, pooled earlier.',
      }),
    ),
    baseExpand: integer(128, 2, 4096, 'Outputs of the first fire module.'),
    expandIncrement: integer(128, 0, 4096, 'Outputs added every increaseEvery modules.'),
    increaseEvery: integer(2, 1, 8, 'After how many fire modules the outputs grow.'),
    squeezeRatio: number(0.125, 0.001, 1, 'Squeeze channels as a share of the module’s outputs (SR).'),
    share3x3: number(0.5, 0.01, 0.99, 'Share of a module’s outputs that come from 3×3 windows.'),
    dropout: dropout(0.5, 'before the classifier'),
  }),
  presets: {
    squeezenet1_0: {
      options: {},
      summary: 'SqueezeNet 1.0, the paper’s.',
      published: [
        ...torchvision('squeezenet1_0', 1_248_424, 0.819, 58.092, 80.42),
        { quantity: 'params', value: 1_248_424, source: `${paper}, table 1` },
      ],
    },
    squeezenet1_1: {
      options: { version: '1_1' },
      summary: 'SqueezeNet 1.1: 2.4 times less compute.',
      published: torchvision('squeezenet1_1', 1_235_496, 0.349, 58.178, 80.624),
    },
  },
  check: (o) => {
    const violations: OptionViolation[] = []
    const { squeeze, expand1x1, expand3x3 } = fireWidths(0, o)
    if (squeeze < 1)
      violations.push({
        path: '/squeezeRatio',
        message: `squeezeRatio ${o.squeezeRatio} leaves no channel of ${o.baseExpand}: use at least ${1 / o.baseExpand}`,
      })
    if (expand1x1 < 1 || expand3x3 < 1)
      violations.push({
        path: '/share3x3',
        message: `share3x3 ${o.share3x3} leaves one of the two windows no channel of ${o.baseExpand}: use 0.5`,
      })
    return violations
  },
  build: (o) => {
    const g = new GraphBuilder()
    const first = o.version === '1_0'
    /** Features in order: a pooling where it says so, else the next fire module. */
    const pooled = first ? [2, 6, 11] : [2, 5, 8]
    let x = g.add('Conv2d', 'features.0', imageInput(g, o.resolution), {
      outChannels: first ? 96 : 64,
      kernelSize: first ? 7 : 3,
      stride: 2,
    })
    x = g.add('ReLU', 'features.1', x)
    let fire = 0
    for (let index = 2; index <= 12; index++) {
      const id = `features.${index}`
      if (pooled.includes(index)) {
        x = g.add('MaxPool2d', id, x, { kernelSize: 3, stride: 2, ceilMode: true })
        continue
      }
      const { squeeze, expand1x1, expand3x3 } = fireWidths(fire++, o)
      const conv = (name: string, from: string, attributes: Record<string, unknown>) =>
        g.add('ReLU', `${id}.${name}_activation`, g.add('Conv2d', `${id}.${name}`, from, attributes))
      const narrow = conv('squeeze', x, { outChannels: squeeze, kernelSize: 1 })
      x = g.add('Concat', `${id}.concat`, [
        conv('expand1x1', narrow, { outChannels: expand1x1, kernelSize: 1 }),
        conv('expand3x3', narrow, { outChannels: expand3x3, kernelSize: 3, padding: 1 }),
      ])
    }
    if (o.dropout > 0) x = g.add('Dropout', 'classifier.0', x, { p: o.dropout })
    x = g.add('ReLU', 'classifier.2', g.add('Conv2d', 'classifier.1', x, { outChannels: o.classes, kernelSize: 1 }))
    return g.build(g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'classifier.3', x, { outputSize: 1 })))
  },
})
