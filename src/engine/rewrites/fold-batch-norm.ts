import type { EditableLayer, EditableNetwork } from './network.ts'
import { defineRewrite } from './rewrite.ts'
import { none } from './shared/options.ts'

/** Layers that a batch normalization folds into: their output channels are dim 0 of their weight. */
const linear: ReadonlySet<string> = new Set(['Conv1d', 'Conv2d', 'Conv3d', 'Linear'])

function reasonAgainst(network: EditableNetwork, norm: EditableLayer): string | undefined {
  const maker = network.maker(norm.inputs[0] as string)
  if (!maker || !linear.has(maker.type))
    return `it reads ${maker ? `${maker.id}, a ${maker.type}` : 'the input'}: it folds into a convolution or a fully connected layer before it`
  if (!network.soleReader(maker.id)) return `others read ${maker.id} as well`
  if (maker.type === 'Linear' && network.shape(maker.id).length !== 2) return `${maker.id} works on tokens, whose channels are no features`
  const sharing = network.sharing(maker.id) ?? network.sharing(norm.id)
  return sharing
}

/** The factor γ/√(σ² + ε) of each channel. */
const factors = (variance: Float32Array, gamma: Float32Array | undefined, eps: number): Float64Array =>
  Float64Array.from(variance, (v, c) => (gamma?.[c] ?? 1) / Math.sqrt(v + eps))

/**
 * Batch normalization at inference is a factor and a summand a channel, so that W ← W·γ/√(σ² + ε) and
 * b ← (b − μ)·γ/√(σ² + ε) + β of the layer before give the same output.
 */
export const foldBatchNorm = defineRewrite({
  name: 'foldBatchNorm',
  summary: 'Batch normalization goes into weights and bias of the convolution or fully connected layer before it.',
  givesUp: 'Nothing at inference: outputs stay the same up to rounding. The network cannot be trained on as before.',
  source:
    'Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 3.2',
  options: none,
  exact: true,
  sites: (network) =>
    ['BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d']
      .flatMap((type) => network.each(type))
      .map(({ id }) => {
        const reason = reasonAgainst(network, network.get(id))
        return { id, ...(reason === undefined ? {} : { reason }) }
      }),
  apply: (network, sites) => {
    for (const { id } of sites) {
      const norm = network.get(id)
      const layer = network.maker(norm.inputs[0] as string) as EditableLayer
      const hadBias = layer.attributes.bias as boolean
      const { eps, affine, scale, shift } = norm.attributes as { eps: number; affine: boolean; scale?: false; shift?: false }
      const of = (parameter: string) => ({ layerId: id, parameter })
      const own = (parameter: string) => ({ layerId: layer.id, parameter })
      const gamma = affine && scale !== false ? [of('weight')] : []
      const beta = affine && shift !== false ? [of('bias')] : []
      network.derive(layer.id, 'weight', {
        from: [own('weight'), of('running_var'), ...gamma],
        compute: ([weight, variance, g]) => {
          const factor = factors(variance!, g, eps)
          const row = weight!.length / factor.length
          return weight!.map((w, i) => w * factor[Math.floor(i / row)]!)
        },
      })
      network.derive(layer.id, 'bias', {
        from: [of('running_mean'), of('running_var'), ...gamma, ...beta, ...(hadBias ? [own('bias')] : [])],
        compute: ([mean, variance, ...others]) => {
          const factor = factors(variance!, gamma.length > 0 ? others.shift() : undefined, eps)
          const shifts = beta.length > 0 ? others.shift() : undefined
          const [bias] = others
          return mean!.map((m, c) => ((bias?.[c] ?? 0) - m) * factor[c]! + (shifts?.[c] ?? 0))
        },
      })
      layer.attributes.bias = true
      network.redirect(id, layer.id)
      network.layers.delete(id)
    }
  },
})
