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
  /** Tensor → what of it is not counted yet. */
  const left = new Map<string, number>()
  const learned = new Map<string, number>()
  const fixed = new Map<string, number>()
  /** Tensor → where it was counted first. */
  const first = new Map<string, { counts: number[]; at: number; into: Map<string, number> }>()
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
        const before = left.get(tensor)
        const taken = Math.min(elements, before ?? held)
        left.set(tensor, (before ?? held) - taken)
        counts[at]! += taken
        into.set(tensor, (into.get(tensor) ?? 0) + taken)
        if (before === undefined) first.set(tensor, { counts, at, into })
      }
    }
    all.push({ layer, counts })
  }
  // What nobody picked is learned all the same.
  left.forEach((rest, tensor) => {
    if (rest === 0) return
    const { counts, at, into } = first.get(tensor)!
    counts[at]! += rest
    into.set(tensor, into.get(tensor)! + rest)
  })
  for (const { layer, counts } of all)
    layer.parameters.forEach(({ name, shape, trainable }, i) => {
      const count = counts[i]!
      totals[trainable ? 'params' : 'buffers'] += count
      if (count !== numel(shape)) layer.params = { ...layer.params, [name]: count }
    })
  return { learned, fixed, ...totals }
}
