import { defineRewrite } from './rewrite.ts'
import { none } from './shared/options.ts'

/** Local response normalization → batch normalization, which folds into the convolution before it at inference. */
export const batchNormForLrn = defineRewrite({
  name: 'batchNormForLrn',
  summary: 'Local response normalization becomes batch normalization in its place.',
  givesUp: 'The competition between neighboring channels; the network must be trained again.',
  source: 'Ioffe and Szegedy, "Batch Normalization", ICML 2015; VGG (ICLR 2015, section 4) found no gain in local response normalization',
  options: none,
  sites: (network) => network.each('LocalResponseNorm').map(({ id }) => ({ id })),
  apply: (network, sites) => {
    for (const { id } of sites) {
      const layer = network.get(id)
      const norm = network.add('BatchNorm2d', `${id}.batchNorm`, layer.inputs)
      network.redirect(id, norm)
      network.layers.delete(id)
    }
  },
})
