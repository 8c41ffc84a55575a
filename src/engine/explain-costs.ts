import type { Convention } from './conventions/convention.ts'
import { findConvention } from './conventions/index.ts'
import { type Costs, computeCosts } from './cost.ts'
import { exact } from './exact.ts'
import type { Graph } from './graph.ts'
import type { InferOptions } from './infer.ts'

export interface ExplainOptions extends InferOptions {
  /** Names of the two conventions. */
  from: string
  to: string
}

/** Flops under each of the two conventions, and their difference. */
export interface Difference {
  from: number
  to: number
  /** `to` − `from`. */
  difference: number
}

export interface ExplainedItem extends Difference {
  /** The kind of layer: its op type. */
  type: string
  /** Layers of this kind. */
  layers: number
  /** One sentence: how each of the two counts this kind. */
  why: string
}

export interface Explanation {
  from: string
  to: string
  batch: number
  inputs: Costs['inputs']
  totals: Difference
  items: ExplainedItem[]
  uncounted: Costs['uncounted']
}

/**
 * Why two conventions differ over a graph, op kind by op kind, the largest difference first. Items cover every kind
 * that either of the two counts, so their columns sum to the totals exactly.
 * @throws EngineError as `computeCosts` does.
 */
export function explainCosts(graph: Graph, { from, to, ...options }: ExplainOptions): Explanation {
  const [one, other] = [findConvention(from), findConvention(to)]
  const before = computeCosts(graph, { ...options, convention: from })
  const after = from === to ? before : computeCosts(graph, { ...options, convention: to })
  const kinds = new Map<string, { layers: number; from: number; to: number }>()
  before.layers.forEach(({ type, flops }, i) => {
    const kind = kinds.get(type) ?? { layers: 0, from: 0, to: 0 }
    kind.layers += 1
    kind.from = exact(kind.from + flops)
    kind.to = exact(kind.to + after.layers[i]!.flops)
    kinds.set(type, kind)
  })
  const items = [...kinds]
    .filter(([, kind]) => kind.from > 0 || kind.to > 0)
    .map(([type, kind]) => ({ type, layers: kind.layers, ...difference(kind.from, kind.to), why: sentence(type, one, other, kind) }))
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.type < b.type ? -1 : 1))
  const { batch, inputs, uncounted } = before
  return { from, to, batch, inputs, totals: difference(before.totals.flops, after.totals.flops), items, uncounted }
}

const difference = (from: number, to: number): Difference => ({ from, to, difference: to - from })

function sentence(type: string, from: Convention, to: Convention, kind: { from: number; to: number }): string {
  const [one, other] = [words(type, from, kind.from), words(type, to, kind.to)]
  if (from === to) return `${from.name} counts ${one}.`
  if (one === other) return `Both count ${one}.`
  return `${from.name} counts ${one}; ${to.name} counts ${other}.`
}

const words = (type: string, convention: Convention, count: number): string => {
  const rule = convention.rule(type)
  return rule === convention.otherwise && count === 0 ? 'nothing' : rule.words
}
