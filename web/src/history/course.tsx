import { useMemo } from 'react'
import { useLocation } from 'wouter'
import type { Run } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, tooltip, useColors } from '../charts/colors.ts'
import { duration, moment, percent, short } from '../lib/format.ts'
import type { Drift } from './drift.ts'

/** Medians in the order measured, each with its interval, before the band of the runs before it. */
export function Course({ runs, drift, tolerance }: { runs: Run[]; drift: (Drift | null)[]; tolerance: number }) {
  const colors = useColors()
  const [, navigate] = useLocation()
  const option = useMemo(() => {
    const color = (run: Run, at: number) =>
      Math.abs(drift[at]?.share ?? 0) > tolerance ? colors.params : run.certificate?.verdict === 'invalid' ? colors.bad : colors.memory
    const band = (sign: 1 | -1) => drift.map((each, at) => [at, each ? each.referenceMs * (1 + sign * tolerance) : null])
    const line = {
      type: 'line',
      symbol: 'none',
      silent: true,
      step: 'middle',
      lineStyle: { color: colors.quiet, type: 'dashed', width: 1 },
    }
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const run = runs[dataIndex]!
          const own = drift[dataIndex]
          return `${moment(run.finishedAt ?? run.queuedAt)}: ${duration(run.result?.latencyMs.p50)}${own ? `, ${own.share > 0 ? '+' : '−'}${percent(Math.abs(own.share))}` : ''}`
        },
      },
      grid: { left: 58, right: 16, top: 28, bottom: 40 },
      xAxis: {
        ...axis(colors),
        type: 'category',
        data: runs.map((run) => moment(run.finishedAt ?? run.queuedAt)),
        axisLabel: { ...axis(colors).axisLabel, hideOverlap: true },
      },
      yAxis: { ...axis(colors), type: 'value', scale: true, name: 'ms' },
      series: [
        {
          type: 'scatter',
          symbolSize: 10,
          data: runs.map((run, at) => ({
            value: [at, run.result?.latencyMs.p50 ?? null],
            symbol: Math.abs(drift[at]?.share ?? 0) > tolerance ? 'diamond' : 'circle',
            itemStyle: { color: color(run, at) },
          })),
        },
        {
          type: 'custom',
          silent: true,
          z: 1,
          // So that the axis reaches to both ends.
          encode: { x: 0, y: [1, 2] },
          data: runs.map((run, at) => [at, ...(run.result?.latencyMs.medianCi95 ?? [null, null])]),
          renderItem: (_: unknown, api: { value: (at: number) => number; coord: (point: [number, number]) => [number, number] }) => {
            if (!Number.isFinite(api.value(1))) return null
            const [x, low] = api.coord([api.value(0), api.value(1)])
            const [, high] = api.coord([api.value(0), api.value(2)])
            const style = { stroke: colors.memory, lineWidth: 1.5, opacity: 0.7 }
            const bar = (x1: number, y1: number, x2: number, y2: number) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style })
            return { type: 'group', children: [bar(x, low, x, high), bar(x - 4, low, x + 4, low), bar(x - 4, high, x + 4, high)] }
          },
        },
        { ...line, data: band(1) },
        { ...line, data: band(-1) },
      ],
    }
  }, [runs, drift, tolerance, colors])
  return (
    <Chart
      height={300}
      option={option}
      label={`Median latency of ${runs.length} runs in order, ${short(runs[0]?.result?.latencyMs.p50)} ms first, ${short(runs.at(-1)?.result?.latencyMs.p50)} ms last; the table below has the figures`}
      onPick={(at, series) => series === 0 && runs[at] && navigate(`/runs/${runs[at].id}`)}
    />
  )
}
