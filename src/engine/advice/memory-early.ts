import { showBytes } from '../quantity.ts'
import { defineFinding, isConvolution, isFullyConnected, largest, lecture, percent, total } from './finding.ts'

/** Where activations lie: over convolution and fully connected rows, as the lecture adds them. */
export const memoryEarly = defineFinding({
  name: 'memoryEarly',
  rule: 'Most of the memory of activations is in the early convolutions.',
  source: `${lecture}: AlexNet and VGG-16`,
  find: ({ costs }) => {
    const rows = costs.layers.filter((layer) => isConvolution(layer) || isFullyConnected(layer))
    const convolutions = rows.filter(isConvolution)
    if (convolutions.length < 3) return null
    const early = convolutions.slice(0, Math.ceil(convolutions.length / 3))
    const bytes = (layer: { memoryKiB: number }) => 1024 * layer.memoryKiB
    const value = total(early, bytes)
    const share = value / total(rows, bytes)
    const [first] = largest(rows, bytes, 1)
    return {
      statement: `The first third of the convolutions (${early.length} of ${convolutions.length}) holds ${percent(share)} of the activations of convolutions and fully connected layers, ${showBytes(value)}; the largest is ${first}.`,
      holds: share > 0.5,
      value,
      unit: 'bytes',
      share,
      layers: largest(early, bytes),
    }
  },
})
