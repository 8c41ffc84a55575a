import { useMemo } from 'react'
import type { Run, ThinnedSamples } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, tooltip, useColors } from '../charts/colors.ts'
import { duration, exact, short } from '../lib/format.ts'

/** Every sample in the order it was taken: what drifts or jumps is seen here and nowhere else. */
export function Series({
  samples: { count, indices, samples },
  far,
  fence: { from, to },
  run,
}: {
  samples: ThinnedSamples
  /** How many of all samples lie outside `fence`. */
  far: number
  fence: { from: number; to: number }
  run: Run
}) {
  const colors = useColors()
  const { latencyMs, warmup } = run.result!
  const option = useMemo(() => {
    const points = samples.map((value, at): [number, number] => [indices[at]!, value])
    const isFar = ([, value]: [number, number]) => value < from || value > to
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ value }: { value: [number, number] }) => `sample ${value[0] + 1}: ${duration(value[1])}`,
      },
      grid: { left: 52, right: 10, top: 26, bottom: 34 },
      xAxis: {
        ...axis(colors),
        type: 'value',
        max: count,
        name: 'sample, in order',
        nameLocation: 'middle',
        nameGap: 22,
        splitLine: { show: false },
      },
      yAxis: { ...axis(colors), type: 'value', scale: true, name: 'ms', nameTextStyle: { ...axis(colors).nameTextStyle, align: 'right' } },
      series: [
        {
          type: 'scatter',
          symbolSize: count > 1500 ? 2.5 : 4,
          large: points.length > 3000,
          data: points.filter((point) => !isFar(point)),
          itemStyle: { color: colors.memory, opacity: 0.65 },
          markLine: {
            silent: true,
            symbol: 'none',
            data: latencyMs.p50 === null ? [] : [{ yAxis: latencyMs.p50 }],
            lineStyle: { color: colors.ink, type: 'solid', width: 1 },
            label: { formatter: 'median', color: colors.ink, position: 'insideEndTop', fontSize: 11 },
          },
          markArea:
            latencyMs.medianCi95 === null
              ? undefined
              : {
                  silent: true,
                  itemStyle: { color: colors.ink, opacity: 0.1 },
                  data: [[{ yAxis: latencyMs.medianCi95[0] }, { yAxis: latencyMs.medianCi95[1] }]],
                },
        },
        {
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 8,
          data: points.filter(isFar),
          itemStyle: { color: colors.params },
        },
      ],
    }
  }, [samples, indices, count, from, to, latencyMs, colors])
  return (
    <section className="card" aria-label="Samples in order">
      <h2>Samples, in the order they were taken</h2>
      <p className="note">
        After {warmup.runs} calls to warm up ({duration(warmup.durationMs)}
        {warmup.agreed ? '' : '; its windows had not come to agree'}), which are not among them.{' '}
        {far > 0 ? `◆ ${exact(far)} far outside the rest.` : 'None lies far outside.'}
      </p>
      <Chart height={260} option={option} label={`${count} samples in order; median ${short(latencyMs.p50)} ms, ${far} far outside`} />
    </section>
  )
}
