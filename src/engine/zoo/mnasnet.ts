import { GraphBuilder } from '../builder.ts'
import { makeDivisible } from './shared/blocks.ts'
import { defineFamily } from './shared/family.ts'
import { dropout, familyOptions, imageInput, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

/** Outputs, kernel, stride, expansion and repeats of each stack of inverted residuals. */
const stacks = [
  [24, 3, 2, 3, 3],
  [40, 5, 2, 3, 3],
  [80, 5, 2, 6, 3],
  [96, 3, 1, 6, 2],
  [192, 5, 2, 6, 4],
  [320, 3, 1, 6, 1],
] as const

/** MNASNet-B1: searched inverted residuals without squeeze-and-excitation. */
export const mnasnet = defineFamily({
  name: 'mnasnet',
  summary: 'MNASNet-B1: searched inverted residuals, without squeeze-and-excitation, scaled by a width multiplier.',
  source: 'Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", CVPR 2019',
  options: familyOptions({
    widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every layer but the last convolution, rounded to multiples of 8.'),
    dropout: dropout(0.2, 'before the classifier'),
  }),
  presets: {
    mnasnet0_5: {
      options: { widthMultiplier: 0.5 },
      summary: 'MNASNet-B1 0.5.',
      published: torchvision('mnasnet0_5', 2_218_512, 0.104, 67.734, 87.49),
    },
    mnasnet0_75: {
      options: { widthMultiplier: 0.75 },
      summary: 'MNASNet-B1 0.75.',
      published: torchvision('mnasnet0_75', 3_170_208, 0.215, 71.18, 90.496),
    },
    mnasnet1_0: {
      options: {},
      summary: 'MNASNet-B1 1.0.',
      published: torchvision('mnasnet1_0', 4_383_312, 0.314, 73.456, 91.51),
    },
    mnasnet1_3: {
      options: { widthMultiplier: 1.3 },
      summary: 'MNASNet-B1 1.3.',
      published: torchvision('mnasnet1_3', 6_282_256, 0.526, 76.506, 93.522),
    },
  },
  build: (o) => {
    const g = new GraphBuilder()
    const scaled = (value: number) => makeDivisible(value * o.widthMultiplier)
    /** Convolution, batch normalization and (but for the linear ones) ReLU as `prefix.n` and the two numbers after it. */
    const unit = (
      prefix: string,
      n: number,
      x: string,
      a: { outChannels: number; kernelSize: number; stride?: number; groups?: number },
      relu = true,
    ) => {
      const y = g.add('Conv2d', `${prefix}.${n}`, x, { ...a, padding: (a.kernelSize - 1) / 2, bias: false })
      const z = g.add('BatchNorm2d', `${prefix}.${n + 1}`, y)
      return relu ? g.add('ReLU', `${prefix}.${n + 2}`, z) : z
    }
    let width = scaled(32)
    let x = unit('layers', 0, imageInput(g, o.resolution), { outChannels: width, kernelSize: 3, stride: 2 })
    x = unit('layers', 3, x, { outChannels: width, kernelSize: 3, groups: width })
    width = scaled(16)
    x = unit('layers', 6, x, { outChannels: width, kernelSize: 1 }, false)
    stacks.forEach(([channels, kernelSize, firstStride, expansion, repeats], s) => {
      const outChannels = scaled(channels)
      for (let r = 0; r < repeats; r++) {
        const id = `layers.${8 + s}.${r}`
        const stride = r === 0 ? firstStride : 1
        const hidden = width * expansion
        let y = unit(`${id}.layers`, 0, x, { outChannels: hidden, kernelSize: 1 })
        y = unit(`${id}.layers`, 3, y, { outChannels: hidden, kernelSize, stride, groups: hidden })
        y = unit(`${id}.layers`, 6, y, { outChannels, kernelSize: 1 }, false)
        x = stride === 1 && width === outChannels ? g.add('Add', `${id}.add`, [y, x]) : y
        width = outChannels
      }
    })
    x = unit('layers', 14, x, { outChannels: 1280, kernelSize: 1 })
    x = g.add('Flatten', 'flatten', g.add('GlobalAvgPool2d', 'mean', x))
    if (o.dropout > 0) x = g.add('Dropout', 'classifier.0', x, { p: o.dropout })
    return g.build(g.add('Linear', 'classifier.1', x, { outFeatures: o.classes }))
  },
})
