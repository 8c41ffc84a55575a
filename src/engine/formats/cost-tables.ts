import type { Costs } from '../cost.ts'
import { type Additive, additive, type Ranking, shareOf } from '../rank-costs.ts'

/** Rows of figures under names, before CSV, Markdown or a terminal shows them. */
export interface Table {
  columns: string[]
  rows: (string | number)[][]
}

const layerColumns = [
  'id',
  'type',
  'inputs',
  'outputShape',
  'outputElements',
  'memoryKiB',
  'params',
  'macs',
  'flops',
  'bytesRead',
  'bytesWritten',
  'arithmeticIntensity',
  'receptiveField',
  'effectiveStride',
] as const

const underColumns = ['convention', 'batch', 'dtype', 'partial']
/** What a row's counts hold under, so that a row alone says it: the convention, and whether the total of its file is partial. */
const under = ({ convention, batch, dtype, totals }: Costs) => [convention, batch, dtype, String(totals.partial)]

const cell = (value: unknown): string | number =>
  value === null ? '' : Array.isArray(value) ? value.join(typeof value[0] === 'number' ? 'x' : ' ') : (value as string | number)

/** A row a layer. */
export const layerTable = (costs: Costs): Table => ({
  columns: [...layerColumns, 'counted', ...underColumns, 'macsPrecision'],
  rows: costs.layers.map((layer) => [
    ...layerColumns.map((column) => cell(layer[column])),
    String(layer.counted ?? true),
    ...under(costs),
    layer.macsPrecision ?? '',
  ]),
})

const named = (word: string, column: Additive): string => `${word}${column[0]!.toUpperCase()}${column.slice(1)}`

/** A row a group; where `top` left groups out, a last row `(rest)` with their sums. */
export function groupTable(ranking: Ranking, costs: Costs): Table {
  const groups = ranking.groups.map(({ key, layers, uncounted, share, cumulative, ...sums }) => [
    ...[key, layers, uncounted],
    ...additive.flatMap((column) => [sums[column], share[column], cumulative[column]]),
    ...under(costs),
  ])
  const { rest } = ranking
  if (rest)
    groups.push([
      '(rest)',
      rest.layers,
      '',
      ...additive.flatMap((column) => [rest[column], shareOf(costs.totals, column, rest[column]), 1]),
      ...under(costs),
    ])
  return {
    columns: [
      ...[ranking.groupBy, 'layers', 'uncounted'],
      ...additive.flatMap((column) => [column, named('share', column), named('cumulative', column)]),
      ...underColumns,
    ],
    rows: groups,
  }
}
