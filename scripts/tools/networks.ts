/** Random networks that a constructor of torchvision and a family of our zoo can both express. */
import { expandZoo } from '../../src/engine/zoo/index.ts'
import type { Random } from './random.ts'

export interface Variant {
  /** The network as Python builds it: an expression over `torchvision.models`, or over `torch.nn`. */
  model: string
  /** The same as a graph of ours, still to be verified. */
  spec: unknown
  /** The shape of its input, batch first. */
  input: number[]
}

/** What both sides need to be told of one draw: arguments of the constructor, options of the family. */
interface Draw {
  /** The expression, up to the number of classes that every constructor takes by name. */
  model: (classes: string) => string
  options: Record<string, unknown>
}

interface Source {
  family: string
  /** Smallest height and width that goes through every network drawn. */
  smallest: number
  draw(r: Random): Draw
}

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const python = (value: boolean): string => (value ? 'True' : 'False')

const sources: readonly Source[] = [
  { family: 'alexnet', smallest: 63, draw: () => ({ model: (classes) => `AlexNet(${classes})`, options: {} }) },
  {
    family: 'vgg',
    smallest: 32,
    draw: (r) => {
      // torchvision's classifier reads 512 channels.
      const stages = times(5, (i) => ({ convs: r.between(1, 3), channels: i === 4 ? 512 : r.between(8, 256) }))
      const layers = stages.flatMap(({ convs, channels }) => [...times(convs, () => channels), "'M'"]).join(', ')
      const batchNorm = r.flip()
      return {
        model: (classes) => `VGG(vgg.make_layers([${layers}], batch_norm=${python(batchNorm)}), init_weights=False, ${classes})`,
        options: { stages, batchNorm },
      }
    },
  },
  {
    family: 'googlenet',
    smallest: 32,
    draw: () => ({ model: (classes) => `GoogLeNet(aux_logits=False, init_weights=False, ${classes})`, options: {} }),
  },
  {
    family: 'resnet',
    smallest: 32,
    draw: (r) => {
      const depths = times(4, () => r.between(1, 4))
      if (r.below(3) === 0)
        return {
          model: (classes) => `ResNet(resnet.BasicBlock, [${depths.join(', ')}], ${classes})`,
          options: { block: 'basic', depths },
        }
      const [cardinality, widthPerGroup] = [r.pick([1, 1, 2, 3, 8, 32]), r.between(2, 72)]
      return {
        model: (classes) =>
          `ResNet(resnet.Bottleneck, [${depths.join(', ')}], groups=${cardinality}, width_per_group=${widthPerGroup}, ${classes})`,
        options: { depths, cardinality, widthPerGroup },
      }
    },
  },
  {
    family: 'densenet',
    smallest: 64,
    draw: (r) => {
      const blocks = times(r.between(2, 5), () => r.between(1, 12))
      const [growthRate, stemChannels, bottleneckFactor] = [r.between(4, 48), r.between(8, 96), r.between(1, 4)]
      return {
        model: (classes) =>
          `DenseNet(growth_rate=${growthRate}, block_config=(${blocks.join(', ')}), num_init_features=${stemChannels}, bn_size=${bottleneckFactor}, ${classes})`,
        options: { growthRate, blocks, stemChannels, bottleneckFactor },
      }
    },
  },
  {
    family: 'mobilenet_v2',
    smallest: 32,
    draw: (r) => {
      const [widthMultiplier, roundTo] = [r.factor(0.1, 2), r.pick([1, 4, 8, 16])]
      const stages = times(r.between(2, 7), () => ({
        expansion: r.between(1, 6),
        channels: r.between(8, 200),
        repeats: r.between(1, 3),
        stride: r.between(1, 2),
      }))
      const setting = stages.map((s) => `[${s.expansion}, ${s.channels}, ${s.repeats}, ${s.stride}]`).join(', ')
      return {
        model: (classes) =>
          `MobileNetV2(width_mult=${widthMultiplier}, inverted_residual_setting=[${setting}], round_nearest=${roundTo}, ${classes})`,
        options: { widthMultiplier, roundTo, stages },
      }
    },
  },
  {
    family: 'mobilenet_v3',
    smallest: 32,
    draw: (r) => {
      const [size, widthMultiplier, reducedTail] = [r.pick(['large', 'small']), r.factor(0.25, 2), r.flip()]
      return {
        model: (classes) => `mobilenet_v3_${size}(width_mult=${widthMultiplier}, reduced_tail=${python(reducedTail)}, ${classes})`,
        options: { size, widthMultiplier, reducedTail },
      }
    },
  },
  {
    family: 'shufflenet_v2',
    smallest: 32,
    draw: (r) => {
      const stageRepeats = times(3, () => r.between(1, 8))
      const stageChannels = times(3, () => 2 * r.between(8, 250))
      const [stemChannels, headChannels] = [r.between(8, 64), r.between(64, 2048)]
      return {
        model: (classes) =>
          `ShuffleNetV2([${stageRepeats.join(', ')}], [${[stemChannels, ...stageChannels, headChannels].join(', ')}], ${classes})`,
        options: { stageRepeats, stageChannels, stemChannels, headChannels },
      }
    },
  },
  {
    family: 'squeezenet',
    smallest: 32,
    draw: (r) => {
      const version = r.pick(['1_0', '1_1'])
      return { model: (classes) => `SqueezeNet('${version}', ${classes})`, options: { version } }
    },
  },
  {
    family: 'efficientnet',
    smallest: 32,
    draw: (r) => {
      const scaled = r.flip()
      // torchvision's fused blocks know no multipliers.
      const [widthMultiplier, depthMultiplier] = scaled ? [r.factor(0.3, 1.8), r.factor(0.5, 2)] : [1, 1]
      const [stemChannels, headChannels] = [8 * r.between(1, 6), r.pick([0, 8 * r.between(10, 100)])]
      const stages = times(r.between(2, 6), () => ({
        block: scaled || r.flip() ? 'separable' : 'fused',
        expansion: r.between(1, 6),
        kernelSize: r.pick([3, 5]),
        stride: r.between(1, 2),
        channels: 8 * r.between(1, 20),
        repeats: r.between(1, 3),
      }))
      const settings = stages.map((s, i) => {
        const before = i === 0 ? stemChannels : stages[i - 1]!.channels
        const common = `${s.expansion}, ${s.kernelSize}, ${s.stride}, ${before}, ${s.channels}, ${s.repeats}`
        return s.block === 'fused'
          ? `efficientnet.FusedMBConvConfig(${common})`
          : `efficientnet.MBConvConfig(${common}, ${widthMultiplier}, ${depthMultiplier})`
      })
      return {
        model: (classes) => `EfficientNet([${settings.join(', ')}], 0.2, last_channel=${headChannels || 'None'}, ${classes})`,
        options: { widthMultiplier, depthMultiplier, stages, stemChannels, headChannels },
      }
    },
  },
  {
    family: 'regnet',
    smallest: 64,
    draw: (r) => {
      const [depth, initialWidth, groupWidth] = [r.between(4, 24), 8 * r.between(2, 20), 8 * r.between(1, 12)]
      const [slope, step, squeezeRatio] = [r.factor(4, 60), r.factor(1.5, 3), r.pick([0, 0.25])]
      return {
        model: (classes) =>
          `RegNet(regnet.BlockParams.from_init_params(depth=${depth}, w_0=${initialWidth}, w_a=${slope}, w_m=${step}, group_width=${groupWidth}, se_ratio=${squeezeRatio || 'None'}), ${classes})`,
        options: { depth, initialWidth, slope, step, groupWidth, squeezeRatio },
      }
    },
  },
  {
    family: 'inception_v3',
    smallest: 75,
    draw: () => ({ model: (classes) => `Inception3(aux_logits=False, init_weights=False, ${classes})`, options: {} }),
  },
  {
    family: 'mnasnet',
    smallest: 32,
    draw: (r) => {
      const widthMultiplier = r.factor(0.2, 2)
      return { model: (classes) => `MNASNet(${widthMultiplier}, ${classes})`, options: { widthMultiplier } }
    },
  },
]

/** `count` networks, the families in turn. */
export function drawNetworks(count: number, r: Random): Variant[] {
  return times(count, (i) => {
    const { family, smallest, draw } = sources[i % sources.length]!
    const { model, options } = draw(r)
    const [classes, batch] = [r.between(1, 1200), r.between(1, 3)]
    const height = r.between(smallest, 256)
    const width = r.below(3) === 0 ? height : r.between(smallest, 256)
    return {
      model: model(`num_classes=${classes}`),
      spec: expandZoo({ family, options: { ...options, classes, resolution: [height, width] } }).spec,
      input: [batch, 3, height, width],
    }
  })
}
