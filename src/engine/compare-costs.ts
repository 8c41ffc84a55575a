import { type CostOptions, type Costs, computeCosts } from './cost.ts'
import { diffGraphs, type LayerChange, type LayerPair, matchingRule, mostPairs } from './diff-graphs.ts'
import type { Graph } from './graph.ts'
import { additive, type Ranking, type RankOptions, rankCosts, type Sums, sumsOf } from './rank-costs.ts'
import { defaultDtype } from './widths.ts'

/** A network to compare, under the name that answers give it. */
export interface Subject {
  name: string
  graph: Graph
}

/** Figures that two networks are compared by. */
export const comparedFigures = [
  ...additive,
  'outputElements',
  'weightBytes',
  'peakActivationBytes',
  'trainingBytes',
  'multiplyingMemoryKiB',
  'layers',
] as const
export type Figures = Record<(typeof comparedFigures)[number], number>

export interface ComparedNetwork {
  name: string
  inputs: Costs['inputs']
  /** Layers that may multiply could not be counted: macs and flops are of the rest. */
  partial: boolean
  totals: Figures
  /** Each figure divided by the first network's; null where that is 0. */
  ratios: Record<keyof Figures, number | null>
  ranking: Ranking
}

export interface PairCost {
  status: LayerPair['status']
  /** Ids of the layer in the first and in the second network. */
  from: string | null
  to: string | null
  type: string
  changes: LayerChange[]
  /** Second minus first. */
  difference: Sums
}

export interface StructuralDiff {
  rule: string
  same: number
  changed: number
  added: number
  removed: number
  /** Second minus first: the sums of the differences of the layers. */
  difference: Sums
  /** Layers that are not the same, in order. */
  layers: PairCost[]
}

export interface CostComparison {
  convention: string
  batch: number
  dtype: Costs['dtype']
  networks: ComparedNetwork[]
  /** Of two networks only. */
  diff: StructuralDiff | null
  /** Why two networks have no `diff`; null otherwise. */
  noDiff: string | null
}

/** The figures of a network that comparisons and budgets speak of. */
export function figuresOf({ totals, training, layers }: Costs): Figures {
  const { params, macs, flops, memoryKiB, bytesRead, bytesWritten, outputElements, weightBytes, peakActivationBytes } = totals
  return {
    ...{ params, macs, flops, memoryKiB, bytesRead, bytesWritten, outputElements, weightBytes, peakActivationBytes },
    trainingBytes: training.totalBytes,
    // What lectures draw as a network's memory: the outputs of convolutions and fully connected layers.
    multiplyingMemoryKiB: layers.reduce((total, layer) => (layer.macs > 0 ? total + layer.memoryKiB : total), 0),
    layers: totals.layers,
  }
}

/**
 * What was changed between two networks whose costs are known, layer by layer.
 * @param before and `after`: their costs with these options. @returns null where too much differs to pair the layers.
 */
export function diffCosts(one: Subject, other: Subject, before: Costs, after: Costs, options: CostOptions): StructuralDiff | null {
  const pairs = diffGraphs(one.graph, other.graph, options)
  if (!pairs) return null
  const [a, b] = [before, after].map(({ layers }) => new Map(layers.map((layer) => [layer.id, layer])))
  const costs = pairs.map(({ status, from, to, changes }): PairCost => {
    const [x, y] = [from === null ? undefined : a!.get(from)!, to === null ? undefined : b!.get(to)!]
    return {
      ...{ status, from, to, changes },
      type: (y ?? x)!.type,
      difference: sumsOf((column) => (y?.[column] ?? 0) - (x?.[column] ?? 0)),
    }
  })
  // Layers that are alike and still differ in cost: one has the weights of another layer, or numbers of another type.
  for (const each of costs) {
    const apart = additive.filter((column) => each.difference[column] !== 0)
    if (each.status !== 'same' || apart.length === 0) continue
    each.status = 'changed'
    const [x, y] = [a!.get(each.from!)!, b!.get(each.to!)!]
    each.changes = apart.map((column) => ({ what: column, from: String(x[column]), to: String(y[column]) }))
  }
  const count = (status: LayerPair['status']) => costs.filter((each) => each.status === status).length
  return {
    rule: matchingRule,
    ...{ same: count('same'), changed: count('changed'), added: count('added'), removed: count('removed') },
    difference: sumsOf((column) => costs.reduce((total, each) => total + each.difference[column], 0)),
    layers: costs.filter(({ status }) => status !== 'same'),
  }
}

/**
 * Networks side by side: figures, their ratios to the first network's, shares by group, and of two networks what was
 * changed, layer by layer, with what each change costs.
 * @param subjects at least one; the first is what the others are held to.
 * @throws EngineError as `computeCosts` does.
 */
export function compareCosts(subjects: readonly Subject[], given: CostOptions & RankOptions = {}): CostComparison {
  // One way to measure bytes for all of them.
  const options = { dtype: defaultDtype(...subjects.map(({ graph }) => graph)), ...given }
  const { groupBy = 'stage', ...ranked } = options
  const costs = subjects.map(({ graph }) => computeCosts(graph, options))
  const figures = costs.map(figuresOf)
  const first = figures[0]!
  const networks = subjects.map(({ name }, i): ComparedNetwork => {
    const totals = figures[i]!
    const ratios = comparedFigures.map((figure) => [figure, first[figure] === 0 ? null : totals[figure] / first[figure]])
    return {
      name,
      inputs: costs[i]!.inputs,
      partial: costs[i]!.totals.partial,
      totals,
      ratios: Object.fromEntries(ratios) as ComparedNetwork['ratios'],
      ranking: rankCosts(costs[i]!, { ...ranked, groupBy }),
    }
  })
  const { convention, batch, dtype } = costs[0]!
  const [one, other] = subjects
  const diff = subjects.length === 2 ? diffCosts(one!, other!, costs[0]!, costs[1]!, options) : null
  const noDiff =
    subjects.length === 2 && diff === null
      ? `The networks are too large to match layer by layer: more than ${mostPairs} pairs of layers would be weighed.`
      : null
  return { convention, batch, dtype, networks, diff, noDiff }
}
