import { showCount } from '../quantity.ts'
import { defineFinding, isFullyConnected, largest, lecture, percent, total } from './finding.ts'

/** Where parameters lie. */
export const paramsFullyConnected = defineFinding({
  name: 'paramsFullyConnected',
  rule: 'Nearly all parameters are in the fully connected layers, most in the first.',
  source: `${lecture}: AlexNet and VGG-16; global average pooling ends it (GoogLeNet, ResNet)`,
  find: ({ costs: { layers, totals } }) => {
    if (totals.params === 0) return null
    const heads = layers.filter(isFullyConnected)
    const params = (layer: { params: number }) => layer.params
    const value = total(heads, params)
    const share = value / totals.params
    const [first] = largest(heads, params, 1)
    const most = layers.find(({ id }) => id === first)
    const heading = heads.length === 1 ? 'The one fully connected layer has' : `The ${heads.length} fully connected layers have`
    return {
      statement: `${heading} ${percent(share)} of ${showCount(totals.params)} parameters${most && heads.length > 1 ? `; ${most.id} alone has ${showCount(most.params)} (${percent(most.params / totals.params)})` : ''}.`,
      holds: share > 0.5,
      value,
      unit: 'params',
      share,
      layers: largest(heads, params),
    }
  },
})
