import type { Constant } from './constant.ts'
import type { TranslatedLayer } from './layer.ts'

/** Layers of one type with the same tensors in the same places share their weights: the later ones name the first. */
export function shareWeights(layers: readonly TranslatedLayer[]): void {
  const numbers = new Map<Constant, number>()
  const numberOf = (constant: Constant): number => {
    const number = numbers.get(constant) ?? numbers.size
    numbers.set(constant, number)
    return number
  }
  const owners = new Map<string, string>()
  for (const layer of layers) {
    if (layer.slots.size === 0) continue
    const slots = [...layer.slots].map(([name, slot]) => `${name}:${numberOf(slot.constant)}:${slot.transposed}:${slot.factor}`)
    const key = `${layer.type} ${slots.join(' ')}`
    const owner = owners.get(key)
    if (owner === undefined) owners.set(key, layer.id)
    else layer.weightsOf = owner
  }
}
