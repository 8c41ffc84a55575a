/** Random networks that a constructor of torchvision and a family of our zoo can both express. */
import { expandZoo } from '../../src/engine/zoo/index.ts'
import type { random } from '../../test/engine/random.ts'

export interface Variant {
  /** The network as Python builds it: an expression over `torchvision.models`, or over `torch.nn`. */
  model: string
  /** The same as a graph of ours, still to be verified. */
  spec: unknown
  /** The shape of its input, batch first. */
  input: number[]
}

export type Random = ReturnType<typeof random>

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

export const between = (r: Random, least: number, most: number): number => least + r.below(most - least + 1)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
/** A factor with two decimals, so that both languages read the same number. */
const factor = (r: Random, least: number, most: number): number => between(r, least * 100, most * 100) / 100
const python = (value: boolean): string => (value ? 'True' : 'False')

const sources: readonly Source[] = [
  { family: 'alexnet', smallest: 63, draw: () => ({ model: (classes) => `AlexNet(${classes})`, options: {} }) },
  {
    family: 'vgg',
    smallest: 32,
    draw: (r) => {
      // torchvision's classifier reads 512 channels.
      const stages = times(5, (i) => ({ convs: between(r, 1, 3), channels: i === 4 ? 512 : between(r, 8, 256) }))
      const layers = stages.flatMap(({ convs, channels }) => [...times(convs, () => channels), "'M'"]).join(', ')
      const batchNorm = r.below(2) === 1
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
      const depths = times(4, () => between(r, 1, 4))
      if (r.below(3) === 0)
        return {
          model: (classes) => `ResNet(resnet.BasicBlock, [${depths.join(', ')}], ${classes})`,
          options: { block: 'basic', depths },
        }
      const [cardinality, widthPerGroup] = [r.pick([1, 1, 2, 3, 8, 32]), between(r, 2, 72)]
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
      const blocks = times(between(r, 2, 5), () => between(r, 1, 12))
      const [growthRate, stemChannels, bottleneckFactor] = [between(r, 4, 48), between(r, 8, 96), between(r, 1, 4)]
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
      const [widthMultiplier, roundTo] = [factor(r, 0.1, 2), r.pick([1, 4, 8, 16])]
      const stages = times(between(r, 2, 7), () => ({
        expansion: between(r, 1, 6),
        channels: between(r, 8, 200),
        repeats: between(r, 1, 3),
        stride: between(r, 1, 2),
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
      const [size, widthMultiplier, reducedTail] = [r.pick(['large', 'small']), factor(r, 0.25, 2), r.below(2) === 1]
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
      const stageRepeats = times(3, () => between(r, 1, 8))
      const stageChannels = times(3, () => 2 * between(r, 8, 250))
      const [stemChannels, headChannels] = [between(r, 8, 64), between(r, 64, 2048)]
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
]

/** `count` networks, the families in turn. */
export function drawNetworks(count: number, r: Random): Variant[] {
  return times(count, (i) => {
    const { family, smallest, draw } = sources[i % sources.length]!
    const { model, options } = draw(r)
    const [classes, batch] = [between(r, 1, 1200), between(r, 1, 3)]
    const height = between(r, smallest, 256)
    const width = r.below(3) === 0 ? height : between(r, smallest, 256)
    return {
      model: model(`num_classes=${classes}`),
      spec: expandZoo({ family, options: { ...options, classes, resolution: [height, width] } }).spec,
      input: [batch, 3, height, width],
    }
  })
}
