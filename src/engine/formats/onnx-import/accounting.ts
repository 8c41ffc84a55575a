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
  const left = new Map<string, number>()
  const learned = new Map<string, number>()
  const fixed = new Map<string, number>()
  /** Tensor → where it was counted first. */
  const first = new Map<string, { counts: Record<string, number>; name: string; into: Map<string, number> }>()
  const totals = { params: 0, buffers: 0 }
  const all: { layer: TranslatedLayer; counts: Record<string, number>; own: Record<string, number> }[] = []
  for (const layer of layers) {
    if (layer.weightsOf !== undefined) continue
    const counts: Record<string, number> = {}
    const own: Record<string, number> = {}
    for (const { name, shape, trainable } of layer.parameters) {
      const elements = numel(shape)
      const slot = layer.slots.get(name)
      own[name] = elements
      counts[name] = slot ? 0 : elements
      const into = trainable ? learned : fixed
      for (const { tensor, elements: held } of slot
        ? learning.countable(slot.constant, elements, trainable, layer.type === 'Parameter')
        : []) {
        if (layer.type !== 'Parameter') learning.undecided.delete(tensor)
        const taken = Math.min(elements, left.get(tensor) ?? held)
        left.set(tensor, (left.get(tensor) ?? held) - taken)
        counts[name] += taken
        into.set(tensor, (into.get(tensor) ?? 0) + taken)
        if (!first.has(tensor)) first.set(tensor, { counts, name, into })
      }
    }
    all.push({ layer, counts, own })
  }
  // What nobody picked is learned all the same.
  for (const [tensor, rest] of left) {
    const { counts, name, into } = first.get(tensor)!
    counts[name] = counts[name]! + rest
    into.set(tensor, into.get(tensor)! + rest)
  }
  for (const { layer, counts, own } of all) {
    for (const { name, trainable } of layer.parameters) totals[trainable ? 'params' : 'buffers'] += counts[name]!
    const other = Object.entries(counts).filter(([name, count]) => count !== own[name])
    if (other.length > 0) layer.params = Object.fromEntries(other)
  }
  return { learned, fixed, ...totals }
}
