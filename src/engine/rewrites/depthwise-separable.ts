import { Type } from 'typebox'
import { defineRewrite } from './rewrite.ts'
import { flag } from './shared/options.ts'
import { addSame, unitOf, withoutSizes } from './shared/units.ts'

/**
 * k×k over all channels → k×k on each channel, then 1×1 over all: k²·Ci·Co multiply-adds a position become k²·Ci + Ci·Co,
 * a share of 1/Co + 1/k² of them.
 */
export const depthwiseSeparable = defineRewrite({
  name: 'depthwiseSeparable',
  summary: 'A convolution becomes a depthwise one and a 1×1 convolution behind it.',
  givesUp:
    'Accuracy, in the papers about one percent on ImageNet; and depthwise convolutions do few flops a byte, so that time falls less than flops.',
  source: 'Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017, section 3.1',
  options: Type.Object(
    {
      between: flag(true, 'Whether what follows the convolution (batch normalization, activation) stands between the two as well.'),
    },
    { additionalProperties: false },
  ),
  sites: (network) => {
    const images = new Set(network.inputs.map(({ id }) => id))
    return network.each('Conv2d').flatMap(({ id, attributes, inputs }) => {
      const { kernelSize: k, groups } = attributes as { kernelSize: number[]; groups: number }
      if (k.every((size) => size === 1)) return []
      const reason = groups === 1 ? network.sharing(id) : `it has ${groups} groups already`
      if (reason !== undefined) return [{ id, reason }]
      if (images.has(inputs[0] as string))
        return [{ id, caution: `it reads the image, whose ${network.inputShape(id)[1]} channels have little to separate` }]
      return [{ id }]
    })
  },
  apply: (network, sites, { between }) => {
    for (const { id } of sites) {
      const unit = unitOf(network, id)
      const { inputs, attributes: a } = unit.conv
      const channels = network.inputShape(id)[1]
      let x = network.add('Conv2d', `${id}.depthwise`, inputs, {
        ...withoutSizes(a),
        outChannels: channels,
        groups: channels,
        bias: a.bias && !(between && unit.norm),
      })
      if (between) x = addSame(network, unit, `${id}.depthwise`, x)
      x = network.add('Conv2d', `${id}.pointwise`, [x], { outChannels: a.outChannels, kernelSize: [1, 1], bias: a.bias })
      network.redirect(id, x)
      network.layers.delete(id)
    }
  },
})
