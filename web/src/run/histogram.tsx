import { useMemo } from 'react'
import type { Run } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, tooltip, useColors } from '../charts/colors.ts'
import { exact, short } from '../lib/format.ts'
import { binned } from './samples.ts'

export function Histogram({ samples, run }: { samples: number[]; run: Run }) {
  const colors = useColors()
  const { latencyMs } = run.result!
  const { from, width, counts, beyond } = useMemo(() => binned(samples, samples.length > 400 ? 48 : 28), [samples])
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
          const at = item?.dataIndex ?? 0
          return `${short(from + at * width)} – ${short(from + (at + 1) * width)} ms: ${exact(counts[at] ?? 0)}`
        },
      },
      grid: { left: 44, right: 14, top: 26, bottom: 34 },
      xAxis: {
        ...axis(colors),
        type: 'value',
        min: from,
        max: from + width * counts.length,
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
          data: counts.map((count, index) => [from + (index + 0.5) * width, count]),
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
  }, [from, width, counts, latencyMs, colors])
  return (
    <section className="card" aria-label="Histogram of samples">
      <h2>How they are spread</h2>
      <p className="note">
        {exact(samples.length)} samples, mean {short(latencyMs.mean)} ms, standard deviation {short(latencyMs.stddev)} ms.
        {beyond > 0 ? ` ${exact(beyond)} beyond the right edge, up to ${short(latencyMs.max)} ms.` : ''}
      </p>
      <Chart
        height={260}
        option={option}
        label={`Histogram of ${samples.length} samples from ${short(latencyMs.min)} to ${short(latencyMs.max)} ms`}
      />
    </section>
  )
}
