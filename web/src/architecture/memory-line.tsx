import { useMemo } from 'react'
import { Chart } from '../charts/chart.tsx'
import { axis, escaped, tooltip, useColors } from '../charts/colors.ts'
import { bytes } from '../lib/format.ts'
import type { Row } from './rows.ts'

/**
 * Bytes alive while each layer is worked out, in the order of the graph: its inputs that are still needed, and its output.
 * Nothing is overwritten in place here, so it may lie above the peak that the service states, which reuses buffers.
 */
function aliveOf(rows: Row[]): number[] {
  const lastUse = new Map<string, number>()
  rows.forEach(({ cost }, index) => {
    for (const input of cost.inputs) lastUse.set(input, index)
  })
  const ending = new Map<number, number>()
  let alive = 0
  return rows.map(({ cost }, index) => {
    const size = cost.memoryKiB * 1024
    alive += size
    const now = alive
    const end = Math.max(lastUse.get(cost.id) ?? index, index)
    ending.set(end, (ending.get(end) ?? 0) + size)
    alive -= ending.get(index) ?? 0
    return now
  })
}

export function MemoryLine({ rows, batch, peak }: { rows: Row[]; batch: number; peak: number }) {
  const colors = useColors()
  const alive = useMemo(() => aliveOf(rows), [rows])
  const option = useMemo(
    () => ({
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'axis',
        formatter: ([item]: { dataIndex: number }[]) => {
          const row = rows[item?.dataIndex ?? 0]
          return row
            ? `<strong>${escaped(row.cost.id)}</strong><br>${bytes(alive[item!.dataIndex]!)} alive<br>${bytes(row.cost.memoryKiB * 1024)} of them its output`
            : ''
        },
      },
      grid: { left: 70, right: 14, top: 20, bottom: 70 },
      ...(rows.length > 200 ? { dataZoom: [{ type: 'inside' }] } : {}),
      xAxis: {
        ...axis(colors),
        type: 'category',
        data: rows.map(({ cost }) => cost.id),
        axisLabel: { ...axis(colors).axisLabel, rotate: 45, hideOverlap: true, width: 90, overflow: 'truncate' },
      },
      yAxis: {
        ...axis(colors),
        type: 'value',
        axisLabel: { ...axis(colors).axisLabel, formatter: bytes },
        // Whole steps of bytes, which are counted by 1024: 2 MiB, not 1.91.
        interval: 2 ** Math.ceil(Math.log2(Math.max(...alive, peak, 1) / 5)),
      },
      series: [
        {
          type: 'line',
          step: 'middle',
          symbol: 'none',
          sampling: 'max',
          lineStyle: { color: colors.memory, width: 1.5 },
          areaStyle: { color: colors.memory, opacity: 0.18 },
          data: alive,
          markLine: {
            silent: true,
            symbol: 'none',
            data: [{ yAxis: peak }],
            lineStyle: { color: colors.ink, type: 'dashed' },
            label: { formatter: 'peak, buffers reused', color: colors.ink, position: 'insideStartTop' },
          },
        },
      ],
    }),
    [rows, alive, peak, colors],
  )
  const at = alive.indexOf(Math.max(...alive))
  return (
    <section className="card" aria-label="Memory over time">
      <h2>What is alive, layer by layer</h2>
      <p className="note">
        Outputs that are still needed while each layer is worked out, {batch === 1 ? 'one image' : `a batch of ${batch}`}, weights apart.
        Most at {rows[at]?.cost.id}, {bytes(alive[at] ?? 0)}, if nothing is overwritten in place; {bytes(peak)} where buffers are reused as
        soon as they may be.
      </p>
      <Chart
        height={380}
        option={option}
        label={`Memory alive over ${rows.length} layers, most at ${rows[at]?.cost.id}: ${bytes(alive[at] ?? 0)}`}
      />
    </section>
  )
}
