import { Type } from 'typebox'
import { referencedId } from '../graph.ts'
import { makeDivisible } from '../zoo/shared/blocks.ts'
import type { EditableNetwork } from './network.ts'
import { defineRewrite } from './rewrite.ts'
import { factor, whole } from './shared/options.ts'

/** Layers that set how many channels or features come out of them, and the attribute that says so. */
export const channelSetters: Readonly<Record<string, string>> = {
  Conv1d: 'outChannels',
  Conv2d: 'outChannels',
  Conv3d: 'outChannels',
  ConvTranspose2d: 'outChannels',
  Linear: 'outFeatures',
}

/** Layers whose channels are the network’s outputs: the first setters on each way back from an output. */
export function classifiers(network: EditableNetwork): Set<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const left = network.outputs.map(referencedId)
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    const layer = network.layers.get(id)
    if (!layer || seen.has(id)) continue
    seen.add(id)
    if (channelSetters[layer.type]) found.add(id)
    else left.push(...layer.inputs.map(referencedId))
  }
  return found
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** Groups for channels that were scaled: as many, else as wide as before, else the largest number below that divides. */
function groupsFor(channels: number, outChannels: number, { width, groups }: { width: number; groups: number }): number {
  const common = gcd(channels, outChannels)
  if (common % groups === 0) return groups
  if (channels % width === 0 && common % (channels / width) === 0) return channels / width
  let fewer = Math.min(groups, common)
  while (common % fewer !== 0) fewer--
  return fewer
}

/**
 * Multiplies channels of all layers but the classifiers, each by what `timesOf` says of it, which is told how many times its input
 * has grown. Groups stay where they still divide, depthwise layers follow their input.
 */
export function widen(network: EditableNetwork, timesOf: (id: string, grown: number) => number, round: (channels: number) => number): void {
  const kept = classifiers(network)
  network.sweep(({ id, type, attributes }, [input]) => {
    const name = channelSetters[type]
    if (!name || kept.has(id)) return
    const { groups = 1 } = attributes as { groups?: number }
    const channels = input![1] as number
    const before = network.inputShape(id)[1] as number
    // A depthwise layer follows its input.
    if (groups > 1 && groups === before) {
      attributes[name] = (attributes[name] / groups) * channels
      attributes.groups = channels
      return
    }
    const times = timesOf(id, channels / before)
    if (times !== 1) attributes[name] = round(attributes[name] * times)
    if (groups > 1) attributes.groups = groupsFor(channels, attributes[name], { width: before / groups, groups })
  })
}

/** Multiplies channels of every layer but the classifiers, as `scaleWidth` does. */
export const scaleChannels = (network: EditableNetwork, times: number, divisor: number): void =>
  widen(
    network,
    () => times,
    (channels) => makeDivisible(channels, divisor),
  )

/** Channels × m: weights and multiply-adds × m² in all layers but the first and the last. */
export const scaleWidth = defineRewrite({
  name: 'scaleWidth',
  asMuchAsAsked: true,
  summary: 'Channels and hidden features of every layer are multiplied; classes stay, and groups where they still divide.',
  givesUp: 'Below 1 accuracy, above 1 cost: weights and flops go with the square of the factor.',
  source: 'Howard et al., "MobileNets", 2017, section 3.3: the width multiplier; rounding as in its code',
  options: Type.Object(
    {
      factor: factor(0.5, 'Times as many channels.'),
      divisor: whole(8, 1, 256, 'Channels are rounded to a multiple of this, never losing more than a tenth.'),
    },
    { additionalProperties: false },
  ),
  whole: true,
  sites: (_network, { factor }) => [{ id: '', ...(factor === 1 ? { reason: 'a factor of 1 changes nothing' } : {}) }],
  apply: (network, _sites, { factor, divisor }) => scaleChannels(network, factor, divisor),
})
