import { Type } from 'typebox'
import type { EditableNetwork } from './network.ts'
import { defineRewrite, type Site } from './rewrite.ts'
import { whole } from './shared/options.ts'
import { type ResidualBlock, residualBlocks, windowsOf } from './shared/residual.ts'
import { addSame, type ConvUnit, withoutSizes } from './shared/units.ts'

interface Basic extends Site {
  block: ResidualBlock
}

/** Adds a convolution and, as `like` has it, what follows. */
function addUnit(network: EditableNetwork, like: ConvUnit, id: string, x: string, attributes: Record<string, unknown>): string {
  return addSame(network, like, id, network.add('Conv2d', id, [x], { ...withoutSizes(like.conv.attributes), ...attributes }))
}
/** As at the end of a branch: the activation follows the addition. */
const withoutActivation = (unit: ConvUnit): ConvUnit => ({ ...unit, activation: undefined })

const one = { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] }

/**
 * Two 3×3 on C channels → 1×1 to C, 3×3 on C, 1×1 to `expansion`·C: 18·C² multiply-adds a position become 17·C² on four
 * times the channels. Where the input has other channels than the output, the shortcut is a 1×1 convolution.
 */
export const bottleneck = defineRewrite({
  name: 'bottleneck',
  summary: 'Basic residual blocks become bottlenecks of 1×1, 3×3 and 1×1 with more channels between the blocks.',
  givesUp:
    'Memory: the tensors between blocks are as much larger as the expansion says. In exchange the network is deeper at about the same flops.',
  source: 'He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5: ResNet-34 becomes ResNet-50',
  options: Type.Object({ expansion: whole(4, 1, 16, 'Channels at a block’s end over those inside it.') }, { additionalProperties: false }),
  whole: true,
  sites: (network) =>
    residualBlocks(network).map(({ id, block }): Basic => {
      const site = { id, block: block as ResidualBlock }
      if (!block) return { ...site, reason: 'it joins no branches of plain convolutions from one tensor' }
      const { body, shortcut } = block
      const basic =
        body.length === 2 && body.every(({ conv: { attributes: a } }) => a.kernelSize.every((k: number) => k === 3) && a.groups === 1)
      if (!basic || shortcut.length > 1) return { ...site, reason: `its branch is ${windowsOf(body) || 'empty'}, not two 3×3` }
      const sharing = [...body, ...shortcut].map(({ conv }) => network.sharing(conv.id)).find((each) => each !== undefined)
      return { ...site, ...(sharing === undefined ? {} : { reason: sharing }) }
    }),
  apply: (network, sites: readonly Basic[], { expansion }) => {
    /** Blocks whose output is wider now. */
    const wide = new Map<string, number>()
    for (const { block } of sites) {
      const [first, second] = block.body as [ConvUnit, ConvUnit]
      const channels = first.conv.attributes.outChannels as number
      const out = expansion * channels
      const stem = first.conv.id
      let y = addUnit(network, first, `${stem}.reduce`, block.input, { ...one, outChannels: channels })
      y = addUnit(network, first, `${stem}.conv`, y, {})
      y = addUnit(network, withoutActivation(second), `${stem}.expand`, y, { ...one, outChannels: out })
      const add = network.get(block.id)
      const at = add.inputs.indexOf(second.end)
      const [projection] = block.shortcut
      const source = sourceOf(network, block.input)
      const before = (source && wide.get(source)) ?? (network.shape(block.input)[1] as number)
      if (projection) projection.conv.attributes.outChannels = out
      else if (before !== out)
        add.inputs[1 - at] = addUnit(network, withoutActivation(second), `${block.id}.shortcut`, block.input, { ...one, outChannels: out })
      add.inputs[at] = y
      wide.set(block.id, out)
    }
  },
})

/** The addition that a block’s input comes from, behind activations alone. */
function sourceOf(network: EditableNetwork, reference: string): string | undefined {
  let maker = network.maker(reference)
  while (maker && maker.type !== 'Add' && maker.inputs.length === 1 && !['Conv2d', 'MaxPool2d'].includes(maker.type))
    maker = network.maker(maker.inputs[0] as string)
  return maker?.type === 'Add' ? maker.id : undefined
}
