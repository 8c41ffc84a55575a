import type { Graph } from '../../graph.ts'
import { inferShapes } from '../../infer.ts'
import { ownerOf, parametersOf } from '../../shared-weights.ts'
import type { Parts, Translated } from './index.ts'
import { isAbsent } from './tensor.ts'

/**
 * Whether the file holds the numbers of every parameter: none lies elsewhere, and they are not all fills (files without
 * weights have ConstantOfShape nodes in their place). False of a network without parameters.
 */
export function holdsWeights(graph: Graph, { translator }: Translated, { initializers }: Parts): boolean {
  const slots = new Map(translator.layers.map((layer) => [layer.id, layer.slots]))
  let numbers = false
  for (const { layer, inputs } of inferShapes(graph)) {
    if (ownerOf(layer) !== layer.id) continue
    for (const { name } of parametersOf(layer, inputs)) {
      const slot = slots.get(layer.id)?.get(name)
      if (!slot) return false
      for (const { tensor } of slot.constant.sources) {
        const initializer = initializers.get(tensor)
        if (initializer && isAbsent(initializer)) return false
        numbers = true
      }
    }
  }
  return numbers
}
