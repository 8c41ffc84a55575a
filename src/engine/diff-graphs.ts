import type { CostOptions } from './cost.ts'
import { type Graph, type Layer, referencedId } from './graph.ts'
import { type InferredLayer, inferShapes } from './infer.ts'

/** What differs between two layers that stand for each other. */
export interface LayerChange {
  /** An attribute by its name, or `inputShape`, `outputShape`, `inputs`; of layers that differ in nothing else a figure, such as `params`. */
  what: string
  /** As text; null where the layer has no such thing. */
  from: string | null
  to: string | null
}

export type LayerPair =
  | { status: 'same' | 'changed'; from: string; to: string; changes: LayerChange[] }
  | { status: 'removed'; from: string; to: null; changes: [] }
  | { status: 'added'; from: null; to: string; changes: [] }

/** Pairs of layers that one comparison may weigh, ends that are equal left aside: the table of the alignment, in bytes. */
export const mostPairs = 25_000_000

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const shapesOf = (shapes: readonly (readonly number[])[]) => shapes.map((shape) => shape.slice(1).join('x')).join(', ')

/** A layer as the alignment sees it. */
interface Token {
  layer: Layer
  inputShape: string
  outputShape: string
  attributes: string
}

const tokenOf = ({ layer, inputs, outputs }: InferredLayer): Token => ({
  layer,
  inputShape: shapesOf(inputs),
  outputShape: shapesOf(outputs),
  attributes: JSON.stringify(Object.entries(layer.attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
})

/**
 * What pairing two layers is worth. Only layers of one op pair. Attributes and shapes weigh more than the id together, so
 * that a renamed layer is still found and a name alone decides only between layers that are otherwise equal.
 */
function worth(a: Token, b: Token): number {
  if (a.layer.type !== b.layer.type) return 0
  return (
    4 +
    (a.attributes === b.attributes ? 3 : 0) +
    (a.outputShape === b.outputShape ? 3 : 0) +
    (a.inputShape === b.inputShape ? 2 : 0) +
    (a.layer.id === b.layer.id ? 1 : 0)
  )
}
const most = 13

/** The rule, in words, for answers and documents. */
export const matchingRule =
  'Layers are matched in topological order, as two sequences are aligned (Needleman and Wunsch, 1970): only layers of one op ' +
  'pair; a pair counts 4, and 3 more for equal attributes, 3 for an equal output shape, 2 for an equal input shape, 1 for an ' +
  'equal name; the alignment of the highest sum is taken. Of a pair whose attributes, shapes and origin of inputs are equal ' +
  'the layer is the same, else it is changed; layers without a partner are removed or added.'

/** Index pairs of the best alignment of two sequences, -1 where a layer has no partner. Null where it would take too much. */
function align(a: readonly Token[], b: readonly Token[]): [number, number][] | null {
  let head = 0
  while (head < a.length && head < b.length && worth(a[head]!, b[head]!) === most) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && worth(a[a.length - 1 - tail]!, b[b.length - 1 - tail]!) === most) tail++
  const [n, m] = [a.length - head - tail, b.length - head - tail]
  if (n * m > mostPairs) return null
  // The way that leads to each cell: 0 both, 1 down (a alone), 2 right (b alone).
  const way = new Uint8Array((n + 1) * (m + 1))
  let above = new Uint32Array(m + 1)
  for (let j = 1; j <= m; j++) way[j] = 2
  for (let i = 1; i <= n; i++) {
    const row = new Uint32Array(m + 1)
    way[i * (m + 1)] = 1
    for (let j = 1; j <= m; j++) {
      const pair = worth(a[head + i - 1]!, b[head + j - 1]!)
      const [both, down, right] = [pair === 0 ? 0 : above[j - 1]! + pair, above[j]!, row[j - 1]!]
      const best = Math.max(both, down, right)
      row[j] = best
      way[i * (m + 1) + j] = pair > 0 && both === best ? 0 : down === best ? 1 : 2
    }
    above = row
  }
  const middle: [number, number][] = []
  for (let i = n, j = m; i > 0 || j > 0; ) {
    const step = way[i * (m + 1) + j]
    if (step === 0) middle.push([head + --i, head + --j])
    else if (step === 1) middle.push([head + --i, -1])
    else middle.push([-1, head + --j])
  }
  const ends = (from: number, to: number, count: number) => Array.from({ length: count }, (_, i): [number, number] => [from + i, to + i])
  return [...ends(0, 0, head), ...middle.reverse(), ...ends(a.length - tail, b.length - tail, tail)]
}

/**
 * Where the inputs of each layer come from: the nearest layers above that have a partner, by the partner's name. Layers
 * without one are passed by, so that an added layer does not make the one behind it a changed one.
 */
function origins(graph: Graph, nameOf: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const above = new Map<string, ReadonlySet<string>>(graph.inputs.map(({ id }, i) => [id, new Set([`input ${i + 1}`])]))
  const found = new Map<string, string>()
  for (const { id, inputs } of graph.layers) {
    const from = new Set(inputs.flatMap((input) => [...(above.get(referencedId(input)) ?? [])]))
    found.set(id, [...from].join(', '))
    const name = nameOf.get(id)
    above.set(id, name === undefined ? from : new Set([name]))
  }
  return found
}

function changesOf(a: Token, b: Token, from: string, to: string): LayerChange[] {
  const changes: LayerChange[] = []
  const compare = (what: string, one: unknown, other: unknown) => {
    const [x, y] = [one === undefined ? null : text(one), other === undefined ? null : text(other)]
    if (x !== y) changes.push({ what, from: x, to: y })
  }
  if (a.attributes !== b.attributes)
    for (const name of new Set([...Object.keys(a.layer.attributes), ...Object.keys(b.layer.attributes)]))
      compare(name, a.layer.attributes[name], b.layer.attributes[name])
  compare('inputShape', a.inputShape, b.inputShape)
  compare('outputShape', a.outputShape, b.outputShape)
  compare('inputs', from, to)
  return changes
}

/**
 * How two graphs differ, layer by layer, in an order in which both run; `matchingRule` says how layers find each other.
 * @returns every layer of both, once; null where more than `mostPairs` would have to be weighed.
 * @throws EngineError as `inferShapes` does.
 */
export function diffGraphs(a: Graph, b: Graph, options: Pick<CostOptions, 'batch' | 'resolution'> = {}): LayerPair[] | null {
  const [one, other] = [inferShapes(a, options).map(tokenOf), inferShapes(b, options).map(tokenOf)]
  const pairs = align(one, other)
  if (!pairs) return null
  const both = pairs.filter(([i, j]) => i >= 0 && j >= 0)
  // One name for both of a pair: b's.
  const fromA = origins(a, new Map(both.map(([i, j]) => [one[i]!.layer.id, other[j]!.layer.id])))
  const fromB = origins(b, new Map(both.map(([, j]) => [other[j]!.layer.id, other[j]!.layer.id])))
  return pairs.map(([i, j]): LayerPair => {
    const [x, y] = [one[i], other[j]]
    if (!x) return { status: 'added', from: null, to: y!.layer.id, changes: [] }
    if (!y) return { status: 'removed', from: x.layer.id, to: null, changes: [] }
    const changes = changesOf(x, y, fromA.get(x.layer.id)!, fromB.get(y.layer.id)!)
    return { status: changes.length === 0 ? 'same' : 'changed', from: x.layer.id, to: y.layer.id, changes }
  })
}
