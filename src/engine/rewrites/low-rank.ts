import { Type } from 'typebox'
import { defineRewrite, type Site } from './rewrite.ts'

interface Factored extends Site {
  rank: number
}

/** W (out × in) → two layers over `rank` features: in·out weights become rank·(in + out). */
export const lowRank = defineRewrite({
  name: 'lowRank',
  summary: 'A fully connected layer becomes two with few features between them, a product of two thin matrices.',
  givesUp: 'What of the matrix is beyond the rank; the network is trained on afterwards to win it back.',
  source: 'Denton et al., "Exploiting Linear Structure Within Convolutional Networks for Efficient Evaluation", NIPS 2014',
  options: Type.Object(
    {
      rank: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'Features between the two. Default: by keep.' })),
      keep: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.25,
          description: 'Where no rank is given: the share of the layer’s weights that the two may have together.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  sites: (network, { rank: given, keep }) =>
    network.each('Linear').map(({ id, attributes }): Factored => {
      const inFeatures = network.inputShape(id).at(-1) as number
      const out = attributes.outFeatures as number
      const most = Math.ceil((inFeatures * out) / (inFeatures + out)) - 1
      const rank = given ?? Math.floor((keep * inFeatures * out) / (inFeatures + out))
      const cheaper = `${out}×${inFeatures} has no fewer weights at rank ${rank}`
      const reason =
        most < 1
          ? `${cheaper}: it is too small to be factored`
          : rank < 1 || rank > most
            ? `${cheaper}: use a rank of 1 to ${most}`
            : network.sharing(id)
      return { id, rank, ...(reason === undefined ? {} : { reason }) }
    }),
  apply: (network, sites: readonly Factored[]) => {
    for (const { id, rank } of sites) {
      const { inputs, attributes: a } = network.get(id)
      const { inFeatures } = a
      const first = network.add('Linear', `${id}.down`, inputs, {
        ...(inFeatures === undefined ? {} : { inFeatures }),
        outFeatures: rank,
        bias: false,
      })
      const second = network.add('Linear', `${id}.up`, [first], {
        ...(inFeatures === undefined ? {} : { inFeatures: rank }),
        outFeatures: a.outFeatures,
        bias: a.bias,
      })
      if (a.bias) network.derive(second, 'bias', { from: [{ layerId: id, parameter: 'bias' }], compute: ([bias]) => bias! })
      network.redirect(id, second)
      network.layers.delete(id)
    }
  },
})
