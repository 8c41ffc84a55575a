import { useMemo } from 'react'
import type { ComparedNetwork } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, escaped, tooltip, useColors } from '../charts/colors.ts'
import { percent } from '../lib/format.ts'

const columns = [
  ['memoryKiB', 'Memory', 'memory'],
  ['params', 'Params', 'params'],
  ['flops', 'Flops', 'flops'],
] as const
/** Groups that are told apart; the smallest are one. */
const most = 8

/** Where each network spends its memory, parameters and flops: a bar each, in parts of its own total. */
export function Shares({ networks, by }: { networks: ComparedNetwork[]; by: string }) {
  const colors = useColors()
  const option = useMemo(() => {
    const rows = networks.flatMap((network) => columns.map(([key, label, color]) => ({ network, key, label, color })))
    const keys = [...new Set(networks.flatMap(({ ranking }) => ranking.groups.map(({ key }) => key)))]
    const weight = (key: string) =>
      Math.max(
        ...networks.flatMap(({ ranking }) =>
          columns.map(([column]) => ranking.groups.find((each) => each.key === key)?.share[column] ?? 0),
        ),
      )
    const large = new Set([...keys].sort((a, b) => weight(b) - weight(a)).slice(0, most))
    const shown = keys.filter((key) => large.has(key))
    const share = ({ network, key: column }: (typeof rows)[number], wanted: (key: string) => boolean) =>
      network.ranking.groups.reduce((sum, group) => (wanted(group.key) ? sum + group.share[column] : sum), 0)
    const series = [
      ...shown.map((key) => ({ name: key.replace(/(?<=\d)x(?=\d)/g, '×'), wanted: (each: string) => each === key })),
      ...(keys.length > shown.length ? [{ name: 'the rest', wanted: (each: string) => !large.has(each) }] : []),
    ]
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ seriesName, value, name }: { seriesName: string; value: number; name: string }) =>
          `${escaped(name)}<br>${escaped(seriesName)}: ${percent(value)}`,
      },
      grid: { left: 8, right: 16, top: 8, bottom: 24, containLabel: true },
      xAxis: {
        ...axis(colors),
        type: 'value',
        max: 1,
        axisLabel: { ...axis(colors).axisLabel, formatter: (value: number) => percent(value) },
      },
      yAxis: {
        ...axis(colors),
        type: 'category',
        inverse: true,
        data: rows.map(({ network, label }) => `${network.name}: ${label}`),
        axisLabel: { ...axis(colors).axisLabel, width: 150, overflow: 'truncate' },
      },
      series: series.map(({ name, wanted }, at) => ({
        type: 'bar',
        name,
        stack: 'share',
        barWidth: '68%',
        itemStyle: { borderColor: colors.card, borderWidth: 1 },
        label: {
          show: true,
          // Else the label is as faint as its bar.
          opacity: 1,
          color: '#fff',
          textShadowColor: '#000',
          textShadowBlur: 3,
          fontSize: 10,
          formatter: ({ value }: { value: number }) => (value > 0.09 ? name : ''),
        },
        data: rows.map((row) => ({
          value: share(row, wanted),
          itemStyle: { color: colors[row.color], opacity: 0.95 - (0.6 * at) / Math.max(series.length - 1, 1) },
        })),
      })),
    }
  }, [networks, colors])
  return (
    <section className="card" style={{ marginTop: '1rem' }} aria-label={`Shares by ${by}`}>
      <h2>Where it goes, by {by}</h2>
      <Chart
        height={60 + networks.length * 96}
        option={option}
        label={networks.map((network) => `${network.name}: ${told(network)}`).join('; ')}
      />
    </section>
  )
}

/** The largest part of each, in words. */
const told = ({ ranking }: ComparedNetwork): string =>
  columns
    .map(([column, label]) => {
      const top = ranking.groups.reduce((a, b) => (b.share[column] > a.share[column] ? b : a), ranking.groups[0]!)
      return `${label.toLowerCase()} most in ${top.key}, ${percent(top.share[column])}`
    })
    .join(', ')
