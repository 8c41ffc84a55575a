import { Type } from 'typebox'
import { defineRewrite, type Site } from './rewrite.ts'
import { type Factors, factor, isFactorable } from './shared/factor.ts'

interface Factored extends Site {
  rank: number
}

/** The least share of a matrix' weights that a rank of 1 has, rounded up so that it may be asked for. */
const leastKeep = (inFeatures: number, out: number): number => Math.ceil((1e6 * (inFeatures + out)) / (inFeatures * out)) / 1e6

/**
 * W (out × in) → two layers over `rank` features: in·out weights become rank·(in + out). They are the truncated singular value
 * decomposition of W where it is small enough (`isFactorable`), new otherwise.
 */
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
          : rank < 1
            ? `${out}×${inFeatures} at rank 1 has more than ${keep} of its weights: use a keep of at least ${leastKeep(inFeatures, out)}`
            : rank > most
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
      const [columns, rows] = [network.inputShape(id).at(-1) as number, a.outFeatures as number]
      if (isFactorable(rows, columns)) {
        // Both halves come of one decomposition; the values it was made of may be read anew in between.
        let [of, made]: [Float32Array, Factors] | [null, null] = [null, null]
        const half = (side: 'left' | 'right') => ({
          from: [{ layerId: id, parameter: 'weight' }],
          compute: ([weight]: readonly Float32Array[]) => {
            if (of === null || !weight!.every((value, i) => value === of![i])) [of, made] = [weight!, factor(weight!, rows, columns, rank)]
            return made![side]
          },
        })
        network.derive(first, 'weight', half('right'))
        network.derive(second, 'weight', { ...half('left'), relativeError: () => made?.relativeError ?? null })
      }
      if (a.bias) network.derive(second, 'bias', { from: [{ layerId: id, parameter: 'bias' }], compute: ([bias]) => bias! })
      network.redirect(id, second)
      network.layers.delete(id)
    }
  },
})
