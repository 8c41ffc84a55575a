import type { Costs, LayerCost } from './cost.ts'
import { sum } from './exact.ts'

/** What the rows of a ranking stand for. */
export const groupings = ['layer', 'op', 'stage', 'block'] as const
export type Grouping = (typeof groupings)[number]

/** Columns whose sum over the layers is the total: they have shares. */
export const additive = ['params', 'macs', 'flops', 'memoryKiB', 'bytesRead', 'bytesWritten'] as const
export type Additive = (typeof additive)[number]
export type Sums = Record<Additive, number>

export interface RankOptions {
  /** Default `layer`. */
  groupBy?: Grouping
  /** Column to sort by, largest first. Default: the order in which the groups begin in the graph. */
  sort?: Additive
  /** Rows to keep; those left out are summed in `rest`. Default: all. */
  top?: number
  /** Leading parts of a layer's name that make a block. Default 2. */
  depth?: number
}

export interface CostGroup extends Sums {
  /** The layer's id, the op, the stage (`56x56`), or the block (`layer1.0`). */
  key: string
  /** Layers in the group. */
  layers: number
  /** Of these, how many could not be counted: multiply-adds and flops are of the others. */
  uncounted: number
  /** Part of the total, 0 to 1; 0 where the total is 0. */
  share: Sums
  /** Part of the total in this row and the rows above it. */
  cumulative: Sums
}

export interface Ranking {
  groupBy: Grouping
  sort: Additive | null
  groups: CostGroup[]
  /** Sums over the groups that `top` left out; null where none was. Groups and rest together are the total. */
  rest: (Sums & { groups: number; layers: number }) | null
}

/** The key of layers whose output has no place on the input's grid: vectors behind a flatten, tokens. */
export const noStage = 'flat'

/** The parts of a layer's name, and what stands between them: exporters and the zoo name layers by module. */
export function partsOfName(id: string): { parts: string[]; separator: string } {
  // Exporters write paths ("/layer1/layer1.0/conv1/Conv"), whose parts may have dots of their own.
  const separator = id.includes('/') ? '/' : '.'
  return { parts: id.split(separator).filter((part) => part !== ''), separator }
}

const blockOf = (id: string, depth: number): string => {
  const { parts, separator } = partsOfName(id)
  return parts.slice(0, depth).join(separator)
}

/**
 * Key of a layer's group. A stage is the layers of one resolution: the spatial dims of the output, where it has as many
 * dims as the network's first input; a layer that changes the resolution belongs to the stage it opens. A block is the
 * leading parts of the id, which exporters and the zoo name by module: `layer1.0.conv2` → `layer1.0`.
 */
function keyOf(layer: LayerCost, by: Grouping, inputRank: number, depth: number): string {
  if (by === 'layer') return layer.id
  if (by === 'op') return layer.type
  if (by === 'block') return blockOf(layer.id, depth) || layer.id
  return layer.outputShape.length === inputRank && inputRank > 1 ? layer.outputShape.slice(1).join('x') : noStage
}

const zero = (): Sums => ({ params: 0, macs: 0, flops: 0, memoryKiB: 0, bytesRead: 0, bytesWritten: 0 })
/** A figure for each column. */
export const sumsOf = (of: (column: Additive) => number): Sums => Object.fromEntries(additive.map((column) => [column, of(column)])) as Sums

/** A value's share of the network's total, 0 of nothing. */
export const shareOf = (totals: Readonly<Sums>, column: Additive, value: number): number =>
  totals[column] === 0 ? 0 : value / totals[column]

/**
 * The costs of a network as groups of layers, with each group's share of the total and the shares summed from the top.
 * Every layer is in one group, so that Σ groups (+ rest) = total in every column.
 */
export function rankCosts({ inputs, layers, totals }: Costs, { groupBy = 'layer', sort, top, depth = 2 }: RankOptions = {}): Ranking {
  const inputRank = inputs[0]?.shape.length ?? 0
  const byKey = new Map<string, Sums & { key: string; layers: number; uncounted: number }>()
  for (const layer of layers) {
    const key = keyOf(layer, groupBy, inputRank, depth)
    let group = byKey.get(key)
    if (!group) byKey.set(key, (group = { key, layers: 0, uncounted: 0, ...zero() }))
    group.layers += 1
    if (layer.counted === false) group.uncounted += 1
    for (const column of additive) group[column] += layer[column]
  }
  const ordered = [...byKey.values()]
  if (sort) ordered.sort((a, b) => b[sort] - a[sort])
  const kept = ordered.slice(0, top)
  const left = ordered.slice(kept.length)
  const running = zero()
  const groups = kept.map((group): CostGroup => {
    for (const column of additive) running[column] += group[column]
    return {
      ...group,
      share: sumsOf((column) => shareOf(totals, column, group[column])),
      cumulative: sumsOf((column) => shareOf(totals, column, running[column])),
    }
  })
  const rest =
    left.length === 0
      ? null
      : {
          groups: left.length,
          layers: sum(...left.map((group) => group.layers)),
          ...sumsOf((column) => left.reduce((total, group) => total + group[column], 0)),
        }
  return { groupBy, sort: sort ?? null, groups, rest }
}
