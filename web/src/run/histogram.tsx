import { useMemo } from 'react'
import type { Histogram as HistogramAnswer, Run } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, tooltip, useColors } from '../charts/colors.ts'
import { exact, short } from '../lib/format.ts'

export function Histogram({ histogram: { bins, count, below, above }, run }: { histogram: HistogramAnswer; run: Run }) {
  const colors = useColors()
  const { latencyMs } = run.result!
  const [least, most] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 0]
  const option = useMemo(() => {
    const lines = (['p50', 'p90', 'p95', 'p99'] as const).flatMap((key) => {
      const value = latencyMs[key]
      return value === null ? [] : [{ xAxis: value, label: { formatter: key } }]
    })
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'axis',
        formatter: ([item]: { dataIndex: number }[]) => {
          const bin = bins[item?.dataIndex ?? 0]
          return bin ? `${short(bin.from)} – ${short(bin.to)} ms: ${exact(bin.count)}` : ''
        },
      },
      grid: { left: 44, right: 14, top: 26, bottom: 34 },
      xAxis: {
        ...axis(colors),
        type: 'value',
        min: least,
        max: most,
        name: 'ms',
        nameLocation: 'middle',
        nameGap: 22,
        splitLine: { show: false },
        axisLabel: {
          ...axis(colors).axisLabel,
          formatter: (value: number) => short(value),
          hideOverlap: true,
          showMinLabel: false,
          showMaxLabel: false,
        },
      },
      yAxis: { ...axis(colors), type: 'value', name: 'samples', splitNumber: 3 },
      series: [
        {
          type: 'bar',
          barWidth: '96%',
          barCategoryGap: 0,
          data: bins.map((bin) => [(bin.from + bin.to) / 2, bin.count]),
          itemStyle: { color: colors.memory, opacity: 0.8 },
          markLine: {
            silent: true,
            symbol: 'none',
            data: lines,
            lineStyle: { color: colors.ink, type: 'dashed' },
            label: { color: colors.ink, fontSize: 10 },
          },
        },
      ],
    }
  }, [bins, least, most, latencyMs, colors])
  return (
    <section className="card" aria-label="Histogram of samples">
      <h2>How they are spread</h2>
      <p className="note">
        {exact(count)} samples, mean {short(latencyMs.mean)} ms, standard deviation {short(latencyMs.stddev)} ms.
        {above > 0 ? ` ${exact(above)} beyond the right edge, up to ${short(latencyMs.max)} ms.` : ''}
        {below > 0 ? ` ${exact(below)} before the left edge, down to ${short(latencyMs.min)} ms.` : ''}
      </p>
      <Chart
        height={260}
        option={option}
        label={`Histogram of ${count} samples from ${short(latencyMs.min)} to ${short(latencyMs.max)} ms`}
      />
    </section>
  )
}
