import { useMemo } from 'react'
import type { LayerProfile } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, escaped, tooltip, useColors } from '../charts/colors.ts'
import { duration, percent, short } from '../lib/format.ts'

/** Layers under the two ceilings that the run measured on its device (Williams, Waterman and Patterson, 2009). */
export function Roofline({ profile }: { profile: LayerProfile }) {
  const colors = useColors()
  const { ceilings } = profile
  const rows = useMemo(() => profile.rows.filter((row) => (row.gflopsPerSecond ?? 0) > 0 && row.arithmeticIntensity > 0), [profile])
  const option = useMemo(() => {
    if (!ceilings) return {}
    const peak = ceilings.compute.flopsPerSecond / 1e9
    const band = ceilings.memory.bytesPerSecond / 1e9
    const ridge = peak / band
    const xs = [...rows.map((row) => row.arithmeticIntensity), ridge]
    const [left, right] = [10 ** Math.floor(Math.log10(Math.min(...xs) / 1.5)), 10 ** Math.ceil(Math.log10(Math.max(...xs) * 1.5))]
    const most = Math.max(...rows.map(({ ms }) => ms), 1e-9)
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ data }: { data: { row?: (typeof rows)[number] } }) => {
          const row = data.row
          return row
            ? `<strong>${escaped(row.layerIds.join(' '))}</strong><br>${duration(row.ms)}, ${percent(row.share)} of the call<br>${short(row.gflopsPerSecond)} of ${short(row.attainableGflopsPerSecond)} Gflop/s<br>bound by ${row.bound ?? 'nothing'}; lost ${duration(row.lostMs)}`
            : ''
        },
      },
      grid: { left: 62, right: 24, top: 30, bottom: 42 },
      xAxis: { ...axis(colors), type: 'log', min: left, max: right, name: 'flops for each byte', nameLocation: 'middle', nameGap: 26 },
      yAxis: {
        ...axis(colors),
        type: 'log',
        name: 'Gflop/s',
        axisLabel: { ...axis(colors).axisLabel, formatter: (value: number) => short(value) },
      },
      series: [
        {
          type: 'line',
          silent: true,
          symbol: 'none',
          lineStyle: { color: colors.ink, width: 2 },
          data: [
            [left, left * band],
            [ridge, peak],
            [right, peak],
          ],
        },
        {
          type: 'scatter',
          data: rows.map((row) => ({
            value: [row.arithmeticIntensity, row.gflopsPerSecond],
            row,
            symbol: row.bound === 'memory' ? 'circle' : 'triangle',
            symbolSize: 8 + 26 * Math.sqrt(row.ms / most),
            itemStyle: { color: row.bound === 'memory' ? colors.memory : colors.flops, opacity: 0.7, borderColor: colors.card },
            label: { show: row.ms > most / 4, formatter: row.layerIds[0], position: 'right', color: colors.ink, fontSize: 11 },
          })),
          labelLayout: { hideOverlap: true },
        },
      ],
    }
  }, [rows, ceilings, colors])
  if (!ceilings || rows.length === 0) return null
  return (
    <section className="card" style={{ marginBottom: '1rem' }} aria-label="Roofline">
      <h2>Could it be faster?</h2>
      <p className="note">
        Each layer under what this device does at its best: {short(ceilings.compute.flopsPerSecond / 1e9)} Gflop/s,{' '}
        {short(ceilings.memory.bytesPerSecond / 1e9)} GB/s, measured by this run. ● bound by memory, ▲ by arithmetic; larger took longer. A
        layer on the line cannot be faster here; one above it worked from cache, or with fewer flops than are counted.
      </p>
      <Chart height={340} option={option} label={`Roofline of ${rows.length} layers; the table below has the figures`} />
      <details>
        <summary className="note">What the ceilings were measured with</summary>
        <p className="note">{ceilings.compute.measuredWith}</p>
        <p className="note">{ceilings.memory.measuredWith}</p>
      </details>
    </section>
  )
}
