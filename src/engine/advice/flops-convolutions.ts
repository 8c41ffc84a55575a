import { showCount } from '../quantity.ts'
import { defineFinding, isConvolution, largest, lecture, percent, total } from './finding.ts'

/** Where arithmetic lies. */
export const flopsConvolutions = defineFinding({
  name: 'flopsConvolutions',
  rule: 'Most flops are in the convolutions.',
  source: `${lecture}: AlexNet and VGG-16`,
  find: ({ costs: { layers, totals } }) => {
    if (totals.macs === 0) return null
    const macs = (layer: { macs: number }) => layer.macs
    const convolutions = layers.filter(isConvolution)
    const value = total(convolutions, macs)
    const share = value / totals.macs
    const [first] = largest(convolutions, macs, 1)
    return {
      statement: `${convolutions.length === 1 ? '1 convolution does' : `${convolutions.length} convolutions do`} ${percent(share)} of ${showCount(totals.macs)} multiply-adds${first ? `; ${first} does the most` : ''}.`,
      holds: share > 0.5,
      value,
      unit: 'macs',
      share,
      layers: largest(convolutions, macs),
    }
  },
})
