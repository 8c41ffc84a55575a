import { referencedId } from '../graph.ts'
import { sameShape } from '../shape.ts'
import type { EditableNetwork } from './network.ts'
import { defineRewrite } from './rewrite.ts'
import { none } from './shared/options.ts'

/** Layers on the longest path from an input to each layer. */
function depths(network: EditableNetwork): Map<string, number> {
  const depth = new Map<string, number>()
  for (const { id, inputs } of network.each())
    depth.set(id, 1 + inputs.reduce((most, name) => Math.max(most, depth.get(referencedId(name)) ?? 0), 0))
  return depth
}

/** Outputs of the shape of the deepest one that leave the network earlier: classifiers that help training alone. */
export const dropAuxiliaryClassifiers = defineRewrite({
  name: 'dropAuxiliaryClassifiers',
  summary: 'Outputs that leave the network early and have the shape of the last classifier go, with all that leads to them alone.',
  givesUp: 'Nothing at inference; in training the gradient that they put in early.',
  source: 'Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, section 5: discarded at inference',
  options: none,
  sites: (network) => {
    const depth = depths(network)
    const outputs = network.outputs.map((name) => ({ name, id: referencedId(name) }))
    const main = outputs.reduce((deepest, each) => (depth.get(each.id)! > depth.get(deepest.id)! ? each : deepest))
    if (outputs.length === 1) return [{ id: main.id, reason: 'it is the only output' }]
    return outputs.map(({ name, id }) => {
      if (name === main.name) return { id, reason: 'it is the deepest output, the classifier itself' }
      const same = sameShape(network.shape(name), network.shape(main.name))
      return { id, ...(same ? {} : { reason: `its shape is ${network.shape(name).slice(1).join('×')}, not the classifier’s` }) }
    })
  },
  exact: true,
  apply: (network, sites) => {
    const dropped = new Set(sites.map(({ id }) => id))
    network.outputs = network.outputs.filter((name) => !dropped.has(referencedId(name)))
  },
})
