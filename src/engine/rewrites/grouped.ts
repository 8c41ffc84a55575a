import { Type } from 'typebox'
import { defineRewrite } from './rewrite.ts'
import { flag, whole } from './shared/options.ts'

/** One group → g groups: a g-th of weights and multiply-adds, since each output channel sees a g-th of the input's. */
export const grouped = defineRewrite({
  name: 'grouped',
  summary: 'A convolution over all channels becomes one in groups, with a shuffle of the channels behind it on request.',
  givesUp: 'Channels of different groups do not meet in the layer; a shuffle lets them meet in the next one.',
  source: 'Krizhevsky et al., 2012; Zhang et al., "ShuffleNet", CVPR 2018, for the shuffle',
  options: Type.Object(
    {
      groups: whole(2, 2, 4096, 'Groups; they must divide input and output channels.'),
      shuffle: flag(false, 'Deals the output channels out among the groups.'),
    },
    { additionalProperties: false },
  ),
  sites: (network, { groups }) =>
    network.each('Conv2d').map(({ id, attributes }) => {
      const { groups: had, outChannels } = attributes as { groups: number; outChannels: number }
      const channels = network.inputShape(id)[1] as number
      const reason =
        had !== 1
          ? `it has ${had} groups already`
          : channels % groups !== 0
            ? `groups ${groups} do not divide its ${channels} input channels`
            : outChannels % groups !== 0
              ? `groups ${groups} do not divide its ${outChannels} output channels`
              : network.sharing(id)
      return { id, ...(reason === undefined ? {} : { reason }) }
    }),
  apply: (network, sites, { groups, shuffle }) => {
    for (const { id } of sites) {
      network.get(id).attributes.groups = groups
      if (shuffle) {
        const shuffled = network.add('ChannelShuffle', `${id}.shuffle`, [id], { groups })
        network.redirect(id, shuffled, new Set([shuffled]))
      }
    }
  },
})
