import { numel } from '../../shape.ts'
import type { TranslatedLayer } from './layer.ts'
import type { Learning } from './learning.ts'

/** How the tensors of a file are counted. */
export interface Account {
  /** Elements by tensor: of learned ones, and of statistics and fixed tables. */
  learned: ReadonlyMap<string, number>
  fixed: ReadonlyMap<string, number>
  params: number
  buffers: number
}

/**
 * Counts the tensors of the file that fill the layers' parameters, each once, however many layers compute with it and
 * whatever import made of it: a table of which elements are picked counts whole, a matrix that is cut into three goes in
 * three parts. Where that is another number than a parameter's own, the layer says so (`params`).
 */
export function account(layers: readonly TranslatedLayer[], learning: Learning): Account {
  const learned = new Map<string, number>()
  const fixed = new Map<string, number>()
  /** Tensor → what of it is not counted yet, and where it was counted first. */
  const tensors = new Map<string, { left: number; counts: number[]; at: number; into: Map<string, number> }>()
  const totals = { params: 0, buffers: 0 }
  // Of each layer, in the order of its parameters.
  const all: { layer: TranslatedLayer; counts: number[] }[] = []
  for (const layer of layers) {
    if (layer.weightsOf !== undefined || layer.parameters.length === 0) continue
    const counts: number[] = []
    for (const { name, shape, trainable } of layer.parameters) {
      const elements = numel(shape)
      const slot = layer.slots.get(name)
      const at = counts.push(slot ? 0 : elements) - 1
      if (!slot) continue
      const into = trainable ? learned : fixed
      for (const { tensor, elements: held } of learning.countable(slot.constant, elements, trainable, layer.type === 'Parameter')) {
        if (layer.type !== 'Parameter') learning.undecided.delete(tensor)
        let of = tensors.get(tensor)
        if (!of) tensors.set(tensor, (of = { left: held, counts, at, into }))
        const taken = Math.min(elements, of.left)
        of.left -= taken
        counts[at]! += taken
        into.set(tensor, (into.get(tensor) ?? 0) + taken)
      }
    }
    all.push({ layer, counts })
  }
  // What nobody picked is learned all the same.
  tensors.forEach(({ left, counts, at, into }, tensor) => {
    if (left === 0) return
    counts[at]! += left
    into.set(tensor, into.get(tensor)! + left)
  })
  for (const { layer, counts } of all)
    layer.parameters.forEach(({ name, shape, trainable }, i) => {
      const count = counts[i]!
      totals[trainable ? 'params' : 'buffers'] += count
      if (count !== numel(shape)) layer.params = { ...layer.params, [name]: count }
    })
  return { learned, fixed, ...totals }
}
