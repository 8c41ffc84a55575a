import { Type } from 'typebox'
import { defineRewrite, type Site } from './rewrite.ts'
import { whole } from './shared/options.ts'
import { type ResidualBlock, residualBlocks, windowsOf } from './shared/residual.ts'
import type { ConvUnit } from './shared/units.ts'

interface Widened extends Site {
  block: ResidualBlock
  /** Channels of each group. */
  width: number
}

/** Weights of 1×1, 3×3 in `groups`, 1×1 between `out` channels, with `width` channels in each group. */
const weightsOf = (out: number, groups: number, width: number): number => groups * (2 * out * width + 9 * width * width)

/** The whole width whose cost is nearest to that of one group of `inside` channels: the root of groups·(2·out·d + 9·d²) = cost. */
function equalWidth(out: number, inside: number, groups: number): number {
  const cost = weightsOf(out, 1, inside)
  const root = (Math.sqrt(out * out + (9 * cost) / groups) - out) / 9
  const down = Math.max(1, Math.floor(root))
  const far = (width: number) => Math.abs(weightsOf(out, groups, width) - cost)
  return far(down) <= far(down + 1) ? down : down + 1
}

/** How far the cost may be from the one that it keeps. */
const tolerance = 0.1

/**
 * 1×1, 3×3, 1×1 → the same with the 3×3 in groups, as wide as keeps the cost: Cin·D + 9·D² + D·Cout = G·(2·C·d + 9·d²).
 * The width is solved for a block whose input is as wide as its output, and a stage’s first block follows, as in the paper.
 */
export const resnext = defineRewrite({
  name: 'resnext',
  summary: 'Bottlenecks become parallel paths (groups in the 3×3 convolution), as wide as keeps their cost.',
  givesUp: 'Nothing in flops and parameters; grouped convolutions and wider tensors make it slower on most devices.',
  source: 'Xie et al., "Aggregated Residual Transformations for Deep Neural Networks", CVPR 2017, section 3.3 and table 2',
  options: Type.Object({ groups: whole(32, 2, 256, 'Parallel paths (the cardinality).') }, { additionalProperties: false }),
  sites: (network, { groups }) =>
    residualBlocks(network).map(({ id, block }): Widened => {
      const site = { id, block: block as ResidualBlock, width: 0 }
      if (!block) return { ...site, reason: 'it joins no branches of plain convolutions from one tensor' }
      const { body } = block
      if (windowsOf(body) !== '1×1, 3×3, 1×1') return { ...site, reason: `its branch is ${windowsOf(body) || 'empty'}, not 1×1, 3×3, 1×1` }
      const [reduce, middle, expand] = body as [ConvUnit, ConvUnit, ConvUnit]
      if (body.some(({ conv }) => conv.attributes.groups !== 1))
        return { ...site, reason: `${middle.conv.id} or a neighbor has groups already` }
      const inside = middle.conv.attributes.outChannels as number
      if (reduce.conv.attributes.outChannels !== inside) return { ...site, reason: 'its 3×3 convolution changes the number of channels' }
      const out = expand.conv.attributes.outChannels as number
      const width = equalWidth(out, inside, groups)
      const share = weightsOf(out, groups, width) / weightsOf(out, 1, inside)
      const sharing = body.map(({ conv }) => network.sharing(conv.id)).find((each) => each !== undefined)
      const reason =
        Math.abs(share - 1) > tolerance
          ? `no whole width keeps its cost in ${groups} groups: the nearest, ${width}, costs ${share.toFixed(2)} times as much; use fewer groups`
          : sharing
      return { ...site, width, ...(reason === undefined ? {} : { reason }) }
    }),
  apply: (network, sites: readonly Widened[], { groups }) => {
    for (const { block, width } of sites) {
      const [reduce, middle] = block.body as [ConvUnit, ConvUnit, ConvUnit]
      for (const { conv } of [reduce, middle]) conv.attributes.outChannels = groups * width
      middle.conv.attributes.groups = groups
      for (const { conv, norm } of block.body) for (const id of [conv.id, norm?.id]) if (id !== undefined) network.renewed.add(id)
    }
  },
})
