import type { EditableNetwork } from './network.ts'
import { defineRewrite, type Site } from './rewrite.ts'
import { none } from './shared/options.ts'

interface Head extends Site {
  /** The map that the head reads, and the tensor that its classifier reads instead. */
  map: string
  /** The last fully connected layer: the classifier. */
  classifier: string
  /** What its input comes from where that is a dropout behind the hidden layers. */
  dropout: string | undefined
}

/** What may stand in a head beside its fully connected layers. */
const passes = (network: EditableNetwork, id: string): boolean => {
  const { type, inputs } = network.get(id)
  return (
    inputs.length === 1 &&
    ['Dropout', 'ReLU', 'ReLU6', 'Tanh', 'Sigmoid', 'SiLU', 'HardSwish', 'GELU', 'BatchNorm1d', 'Identity'].includes(type)
  )
}

/** The head behind a Flatten: how its layers follow each other, to the last fully connected one. */
function headOf(network: EditableNetwork, flatten: string): Head {
  const site = { id: flatten, map: '', classifier: '', dropout: undefined }
  let map = network.get(flatten).inputs[0] as string
  const shape = network.shape(map)
  if (shape.length !== 4) return { ...site, reason: 'it joins no feature map' }
  if (shape[2] === 1 && shape[3] === 1) return { ...site, reason: 'the map before it is 1×1 already: it has one value a channel' }
  let classifier: string | undefined
  let dropout: string | undefined
  let last: string | undefined
  for (let next = network.soleReader(flatten); next; next = network.soleReader(next.id)) {
    if (next.type === 'Linear') {
      classifier = next.id
      dropout = last !== undefined && network.get(last).type === 'Dropout' ? last : undefined
    } else if (!passes(network, next.id)) break
    last = next.id
  }
  if (classifier === undefined) return { ...site, reason: 'no fully connected layer reads what it joins, or not it alone' }
  const sharing = network.sharing(classifier)
  if (sharing !== undefined) return { ...site, reason: `of its classifier ${classifier}: ${sharing}` }
  // A pooling to 7×7 is there for the fully connected layers alone.
  const pool = network.maker(map)
  if (pool?.type === 'AdaptiveAvgPool2d' && network.soleReader(pool.id)) map = pool.inputs[0] as string
  return { ...site, map, classifier, dropout }
}

/** Flatten and fully connected layers → the mean of each channel and one classifier: H·W·C·F weights and more become C·classes. */
export const globalAveragePooling = defineRewrite({
  name: 'globalAveragePooling',
  summary: 'Flatten and the fully connected layers behind it become global average pooling and the last of them.',
  givesUp: 'Where in the image a feature was found, and the hidden layers of the head; the classifier must be trained again.',
  source: 'Lin, Chen and Yan, "Network In Network", ICLR 2014, section 3.2',
  options: none,
  sites: (network) => network.each('Flatten').map(({ id }) => headOf(network, id)),
  apply: (network, sites: readonly Head[]) => {
    for (const { id, map, classifier, dropout } of sites) {
      let x = network.add('GlobalAvgPool2d', `${id}.globalPool`, [map])
      x = network.add('Flatten', `${id}.channels`, [x])
      if (dropout !== undefined) {
        network.get(dropout).inputs = [x]
        x = dropout
      }
      const layer = network.get(classifier)
      layer.inputs = [x]
      network.renewed.add(classifier)
    }
  },
})
