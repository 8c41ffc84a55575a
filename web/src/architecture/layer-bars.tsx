import { useMemo } from 'react'
import { Chart } from '../charts/chart.tsx'
import { axis, escaped, tooltip, useColors } from '../charts/colors.ts'
import { exact, short } from '../lib/format.ts'
import type { CostRow } from './rows.ts'

/** More bars than this are narrower than a pixel on any screen, and take a second to draw. */
const most = 1000

/** Layers as they are drawn: beyond `most` the largest of each few that follow one another, by each figure for itself. */
interface Bars {
  /** Layers in each bar. */
  each: number
  rows: CostRow[]
  values: Record<'memoryKiB' | 'params' | 'flops', number[]>
}

function barsOf(rows: CostRow[]): Bars {
  const each = Math.ceil(rows.length / most)
  const groups = Array.from({ length: Math.ceil(rows.length / each) }, (_, at) => rows.slice(at * each, (at + 1) * each))
  const largest = (key: 'memoryKiB' | 'params' | 'flops') => groups.map((group) => Math.max(...group.map(({ cost }) => cost[key])))
  return {
    each,
    rows: groups.map((group) => group.reduce((a, b) => (b.cost.flops > a.cost.flops ? b : a))),
    values: { memoryKiB: largest('memoryKiB'), params: largest('params'), flops: largest('flops') },
  }
}

/** The three figures of the lecture, one above the other over the same layers, in bands of equal resolution. */
export function LayerBars({
  rows,
  convention,
  picked,
  onPick,
}: {
  rows: CostRow[]
  convention: string
  picked: string
  onPick: (layer: string) => void
}) {
  const colors = useColors()
  const { each, rows: shown, values } = useMemo(() => barsOf(rows), [rows])
  const option = useMemo(() => {
    const rows = shown
    const ids = rows.map(({ cost }) => cost.id)
    const bands = bandsOf(rows)
    const figures = [
      { name: 'Memory, KiB', color: colors.memory, values: values.memoryKiB },
      { name: 'Params, k', color: colors.params, values: values.params.map((each) => each / 1e3) },
      { name: `Flops, M (${convention})`, color: colors.flops, values: values.flops.map((each) => each / 1e6) },
    ]
    return {
      animation: false,
      aria: { enabled: false },
      tooltip: {
        ...tooltip(colors),
        trigger: 'axis',
        axisPointer: { type: 'shadow' },
        formatter: (items: { dataIndex: number }[]) => told(rows[items[0]?.dataIndex ?? 0]),
      },
      axisPointer: { link: [{ xAxisIndex: 'all' }] },
      ...(rows.length > 200 ? { dataZoom: [{ type: 'inside', xAxisIndex: [0, 1, 2] }] } : {}),
      grid: figures.map((_, at) => ({ left: 56, right: 8, top: 38 + at * 118, height: 82 })),
      xAxis: figures.map((_, at) => ({
        ...axis(colors),
        type: 'category',
        gridIndex: at,
        data: ids,
        axisLabel: {
          ...axis(colors).axisLabel,
          show: at === 2,
          rotate: rows.length > 12 ? 50 : 0,
          hideOverlap: true,
          width: 90,
          overflow: 'truncate',
        },
      })),
      yAxis: figures.map(({ name }, at) => ({
        ...axis(colors),
        gridIndex: at,
        name,
        // Above the names of the stages.
        nameGap: at === 0 ? 22 : 12,
        nameTextStyle: { ...axis(colors).nameTextStyle, align: 'left', padding: [0, 0, 0, -48], fontWeight: 600 },
        splitNumber: 2,
        axisLabel: { ...axis(colors).axisLabel, formatter: (value: number) => short(value) },
      })),
      series: figures.map(({ color, values }, at) => ({
        type: 'bar',
        xAxisIndex: at,
        yAxisIndex: at,
        barMaxWidth: 34,
        barCategoryGap: '22%',
        itemStyle: { color, borderRadius: [2, 2, 0, 0] },
        data: values.map((value, index) =>
          ids[index] === picked ? { value, itemStyle: { borderColor: colors.ink, borderWidth: 2 } } : value,
        ),
        markArea:
          bands.length > 1 && bands.length < 40
            ? {
                silent: true,
                itemStyle: { color: 'transparent' },
                label: { show: at === 0, position: 'top', distance: 3, color: colors.quiet, fontSize: 10 },
                data: bands.map(({ name, first, last }, index) => [
                  {
                    name: (last - first + 1) * 24 > rows.length * 0.9 ? name : '',
                    xAxis: ids[first],
                    itemStyle: { color: index % 2 === 0 ? colors.quiet : 'transparent', opacity: 0.07 },
                  },
                  { xAxis: ids[last] },
                ]),
              }
            : undefined,
      })),
    }
  }, [shown, values, convention, picked, colors])
  const worst = (of: (row: CostRow) => number) => rows.reduce((most, row) => (of(row) > of(most) ? row : most), rows[0]!)
  if (rows.length === 0) return null
  return (
    <>
      <h2>Where it goes, layer by layer</h2>
      <p style={{ margin: '0 0 0.4rem', color: 'var(--quiet)', fontSize: '0.88rem' }}>
        {summary(rows, worst)}
        {each > 1 && ` Each bar is the largest of ${each} layers.`}
      </p>
      <Chart
        height={rows.length > 12 ? 414 : 380}
        option={option}
        label={`Bars of memory, parameters and flops of ${rows.length} layers. ${summary(rows, worst)}`}
        onPick={(index) => onPick(shown[index]?.cost.id ?? '')}
      />
    </>
  )
}

function summary(rows: CostRow[], worst: (of: (row: CostRow) => number) => CostRow): string {
  const parts = (['memoryKiB', 'params', 'flops'] as const).map((key) => {
    const total = rows.reduce((sum, { cost }) => sum + cost[key], 0)
    const { cost } = worst((row) => row.cost[key])
    return total === 0
      ? null
      : { what: { memoryKiB: 'memory', params: 'parameters', flops: 'flops' }[key], id: cost.id, share: cost[key] / total }
  })
  return `The largest share: ${parts.flatMap((part) => (part ? [`${part.what} ${short(part.share * 100)} % in ${part.id}`] : [])).join(', ')}.`
}

/** Runs of layers of the same resolution. */
function bandsOf(rows: CostRow[]): { name: string; first: number; last: number }[] {
  const bands: { name: string; first: number; last: number }[] = []
  rows.forEach(({ stage }, index) => {
    const last = bands.at(-1)
    if (last?.name === stage) last.last = index
    else bands.push({ name: stage, first: index, last: index })
  })
  return bands
}

function told(row: CostRow | undefined): string {
  if (!row) return ''
  const { cost } = row
  return [
    `<strong>${escaped(cost.id)}</strong> ${escaped(cost.type)}`,
    `${cost.outputShape.join('×')} out`,
    `${exact(cost.memoryKiB)} KiB`,
    `${exact(cost.params)} params`,
    `${exact(cost.flops)} flops`,
  ].join('<br>')
}
