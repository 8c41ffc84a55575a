import type { Constant } from './constant.ts'
import type { TranslatedLayer } from './layer.ts'

/** Layers of one type with the same tensors in the same places share their weights: the later ones name the first. */
export function shareWeights(layers: readonly TranslatedLayer[]): void {
  // Mostly a tensor is the first of one layer alone: what the others are is looked at where it is not.
  const alone = new Map<Constant, TranslatedLayer>()
  const owners = new Map<string, string>()
  const numbers = new Map<Constant, number>()
  const keyOf = ({ type, slots }: TranslatedLayer): string => {
    let key = type
    for (const [name, { constant, transposed, factor }] of slots) {
      const number = numbers.get(constant) ?? numbers.size
      numbers.set(constant, number)
      key += ` ${name}:${number}:${transposed}:${factor}`
    }
    return key
  }
  for (const layer of layers) {
    const first = layer.slots.values().next().value
    if (!first) continue
    const before = alone.get(first.constant)
    if (!before) {
      alone.set(first.constant, layer)
      continue
    }
    owners.set(keyOf(before), before.id)
    const key = keyOf(layer)
    const owner = owners.get(key)
    if (owner === undefined) owners.set(key, layer.id)
    else layer.weightsOf = owner
  }
}
