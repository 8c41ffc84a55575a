import { Type } from 'typebox'
import { deepen, stages } from './depth.ts'
import { resize } from './resolution.ts'
import { defineRewrite } from './rewrite.ts'
import { whole } from './shared/options.ts'
import { scaleChannels } from './width.ts'

const number = (value: number, description: string) => Type.Optional(Type.Number({ minimum: 1, maximum: 4, default: value, description }))

/** Depth α^φ, width β^φ, resolution γ^φ: flops × (α·β²·γ²)^φ, about 2^φ with the paper’s numbers. */
export const scaleCompound = defineRewrite({
  name: 'scaleCompound',
  asMuchAsAsked: true,
  summary: 'Depth, width and resolution are scaled together by one coefficient.',
  givesUp: 'Above 0 cost: flops about double with each step of phi; below 0 accuracy.',
  source: 'Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, equation 3',
  options: Type.Object(
    {
      phi: Type.Optional(
        Type.Number({ minimum: -6, maximum: 6, default: 1, description: 'The coefficient; below 0 makes the network smaller.' }),
      ),
      alpha: number(1.2, 'Depth at phi 1.'),
      beta: number(1.1, 'Width at phi 1.'),
      gamma: number(1.15, 'Resolution at phi 1.'),
      divisor: whole(8, 1, 256, 'Channels are rounded to a multiple of this.'),
    },
    { additionalProperties: false },
  ),
  whole: true,
  sites: (_network, { phi }) => [{ id: '', ...(phi === 0 ? { reason: 'phi 0 changes nothing' } : {}) }],
  apply: (network, _sites, { phi, alpha, beta, gamma, divisor }) => {
    const times = alpha ** phi
    // Widths first: copies of units take theirs.
    scaleChannels(network, beta ** phi, divisor)
    resize(network, gamma ** phi)
    deepen(
      network,
      stages(network, times).filter(({ reason }) => reason === undefined),
      times,
    )
  },
})
