import { GraphBuilder } from '../builder.ts'
import { defineFamily } from './shared/family.ts'
import { atMostInAll, channels, familyOptions, imageInput, integer, list } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const eps = 1e-6
const toChannelsLast = { dims: [0, 2, 3, 1] }
const toChannelsFirst = { dims: [0, 3, 1, 2] }

/** ConvNeXt: a ResNet with the habits of a vision transformer: patches, large depthwise kernels, layer norm, GELU. */
export const convnext = defineFamily({
  name: 'convnext',
  summary: 'ConvNeXt: depthwise 7×7 convolutions and inverted bottlenecks with layer normalization and GELU.',
  source: 'Liu et al., "A ConvNet for the 2020s", CVPR 2022',
  options: familyOptions({
    depths: list(integer(3, 1, 128, 'Blocks of a stage.'), [3, 3, 9, 3], 1, 8, 'Blocks of each stage.'),
    widths: list(channels(), [96, 192, 384, 768], 1, 8, 'Channels of each stage; as many as depths.'),
    patchSize: integer(4, 1, 64, 'Side and step of the first convolution.'),
    kernelSize: integer(7, 1, 63, 'Side of the depthwise convolutions; odd.'),
    expansion: integer(4, 1, 16, 'Factor on the channels inside a block.'),
  }),
  presets: {
    convnext_tiny: { options: {}, summary: 'ConvNeXt-T.', published: torchvision('convnext_tiny', 28_589_128, 4.456, 82.52, 96.146) },
    convnext_small: {
      options: { depths: [3, 3, 27, 3] },
      summary: 'ConvNeXt-S.',
      published: torchvision('convnext_small', 50_223_688, 8.684, 83.616, 96.65),
    },
    convnext_base: {
      options: { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] },
      summary: 'ConvNeXt-B.',
      published: torchvision('convnext_base', 88_591_464, 15.355, 84.062, 96.87),
    },
    convnext_large: {
      options: { depths: [3, 3, 27, 3], widths: [192, 384, 768, 1536] },
      summary: 'ConvNeXt-L.',
      published: torchvision('convnext_large', 197_767_336, 34.361, 84.414, 96.976),
    },
  },
  check: ({ depths, widths, kernelSize }) => [
    ...(depths.length === widths.length
      ? []
      : [{ path: '/widths', message: `widths has ${widths.length} entries and depths ${depths.length}: give one of each a stage` }]),
    ...(kernelSize % 2 === 1
      ? []
      : [{ path: '/kernelSize', message: `kernelSize is ${kernelSize}, but must be odd, so that a block keeps the size` }]),
    ...atMostInAll(depths, 128, '/depths', 'blocks'),
  ],
  build: (o) => {
    const g = new GraphBuilder()
    /**
     * Layer normalization over the channels of each position, torchvision's `LayerNorm2d`: a class of its own that calls the
     * function, so tools that know modules by their class do not see it.
     */
    const layerNorm2d = (id: string, x: string) => {
      const last = g.add('LayerNorm', id, g.add('Transpose', `${id}.last`, x, toChannelsLast), { eps, functional: true })
      return g.add('Transpose', `${id}.back`, last, toChannelsFirst)
    }
    const block = (id: string, x: string, width: number) => {
      const { kernelSize } = o
      let y = g.add('Conv2d', `${id}.block.0`, x, { outChannels: width, kernelSize, padding: (kernelSize - 1) / 2, groups: width })
      y = g.add('LayerNorm', `${id}.block.2`, g.add('Transpose', `${id}.block.1`, y, toChannelsLast), { eps })
      y = g.add('GELU', `${id}.block.4`, g.add('Linear', `${id}.block.3`, y, { inFeatures: width, outFeatures: width * o.expansion }))
      y = g.add('Linear', `${id}.block.5`, y, { inFeatures: width * o.expansion, outFeatures: width })
      y = g.add('Transpose', `${id}.block.6`, y, toChannelsFirst)
      y = g.add('Mul', `${id}.mul`, [g.add('Parameter', `${id}.layer_scale`, [], { shape: [width, 1, 1] }), y])
      return g.add('Add', `${id}.add`, [y, x])
    }
    const stem = { outChannels: o.widths[0]!, kernelSize: o.patchSize, stride: o.patchSize }
    let x = layerNorm2d('features.0.1', g.add('Conv2d', 'features.0.0', imageInput(g, o.resolution), stem))
    o.depths.forEach((depth, s) => {
      const width = o.widths[s]!
      if (s > 0)
        x = g.add('Conv2d', `features.${2 * s}.1`, layerNorm2d(`features.${2 * s}.0`, x), { outChannels: width, kernelSize: 2, stride: 2 })
      for (let b = 0; b < depth; b++) x = block(`features.${2 * s + 1}.${b}`, x, width)
    })
    x = layerNorm2d('classifier.0', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 }))
    return g.build(g.add('Linear', 'classifier.2', g.add('Flatten', 'classifier.1', x), { outFeatures: o.classes }))
  },
})
