import { Type } from 'typebox'
import { defineRewrite } from './rewrite.ts'
import { flag, someChannels } from './shared/options.ts'
import { addSame, isSquare, sizeOf, unitOf, withoutSizes } from './shared/units.ts'

/** Pads of each of `n` windows of 3, all together those of the window that they replace; at most 1 each while that does. */
function dealt(pad: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => Math.floor(pad / n) + (i < pad % n ? 1 : 0))
}

/**
 * k×k → (k − 1)/2 convolutions of 3×3. On C channels k²C² weights become 9C²·(k − 1)/2: 25C² and 18C² for 5×5. The stride
 * goes to the last one, so that the receptive field stays exactly k.
 */
export const stack3x3 = defineRewrite({
  name: 'stack3x3',
  summary: 'A convolution of 5×5 or larger becomes a stack of 3×3 with the same receptive field, an activation between them.',
  givesUp: 'More layers one after the other, and an activation kept for each; a single step of a large stride costs less than its stack.',
  source: 'Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, section 2.3',
  options: Type.Object(
    {
      channels: someChannels('Channels between the convolutions. Default: those that the convolution gives.'),
      activation: flag(
        true,
        'Whether what follows the convolution (batch normalization, activation; else a ReLU) stands between them as well.',
      ),
    },
    { additionalProperties: false },
  ),
  sites: (network, { channels }) =>
    network.each('Conv2d').flatMap((layer) => {
      const { id, attributes } = layer as { id: string; attributes: Record<string, any> }
      const k = attributes.kernelSize as [number, number]
      if (k[0] === 1 && k[1] === 1) return []
      const sharing = network.sharing(id)
      const refused = (): string | undefined => {
        if (k[0] <= 3 && k[1] <= 3) return `its window is ${sizeOf(k)}: there is nothing to stack`
        if (!isSquare({ attributes })) return `its window is ${sizeOf(k)}, not square`
        if (k[0] % 2 === 0) return `its window is ${sizeOf(k)}: windows of 3×3 make odd ones only`
        if (attributes.dilation.some((d: number) => d !== 1)) return `it is dilated by ${sizeOf(attributes.dilation)}: its window has holes`
        if (attributes.groups !== 1) return `it has ${attributes.groups} groups: a stack of 3×3 is for convolutions over all channels`
        return sharing
      }
      const reason = refused()
      if (reason !== undefined) return [{ id, reason }]
      const n = (k[0] - 1) / 2
      const { outChannels, stride } = attributes as { outChannels: number; stride: number[] }
      const between = channels ?? outChannels
      const before = network.inputShape(id)[1] as number
      // Multiply-adds for each output position of the convolution: those before the stride are as many times more.
      const dense = stride[0]! * stride[1]!
      const inner = dense * 9 * (before * between + (n - 2) * between * between)
      const times = (inner + 9 * between * outChannels) / (k[0] * k[1] * before * outChannels)
      if (times <= 1) return [{ id }]
      return [
        {
          id,
          caution: `its stack would cost ${times.toFixed(1)} times as many multiply-adds: ${before} channels in, ${outChannels} out, stride ${sizeOf(stride)}`,
        },
      ]
    }),
  apply: (network, sites, { channels, activation }) => {
    for (const { id } of sites) {
      const unit = unitOf(network, id)
      const { inputs, attributes: a } = unit.conv
      const n = (a.kernelSize[0] - 1) / 2
      const pads: number[][] | null = a.padding === 'same' ? null : a.padding.map((pad: number) => dealt(pad, n))
      const between = unit.norm || unit.activation ? unit : { ...unit, activation: { ...unit.conv, type: 'ReLU', attributes: {} } }
      let x = inputs[0] as string
      for (let i = 0; i < n; i++) {
        const last = i === n - 1
        x = network.add('Conv2d', `${id}.${i + 1}`, [x], {
          ...withoutSizes(a),
          outChannels: last ? a.outChannels : (channels ?? a.outChannels),
          kernelSize: [3, 3],
          stride: last ? a.stride : [1, 1],
          padding: pads ? pads.map((side) => side[i]) : 'same',
        })
        if (!last && activation) x = addSame(network, between, `${id}.${i + 1}`, x)
      }
      network.redirect(id, x)
      network.layers.delete(id)
    }
  },
})
