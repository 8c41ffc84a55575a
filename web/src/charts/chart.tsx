import type { EChartsCoreOption, EChartsType } from 'echarts/core'
import { useEffect, useRef } from 'react'

/** A chart; `label` says in words what it shows, for those who do not see it. `onPick` gets the index of what was clicked. */
export function Chart({
  option,
  label,
  height,
  onPick,
}: {
  option: EChartsCoreOption
  label: string
  height: number
  onPick?: ((index: number, series: number) => void) | undefined
}) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | null>(null)
  const latest = useRef({ option, onPick })
  latest.current = { option, onPick }
  useEffect(() => {
    let gone = false
    const resize = new ResizeObserver(() => chart.current?.resize())
    void import('./echarts.ts').then(({ init }) => {
      if (gone || !box.current) return
      chart.current = init(box.current)
      chart.current.setOption(latest.current.option)
      chart.current.on('click', ({ dataIndex, seriesIndex }) => latest.current.onPick?.(dataIndex as number, (seriesIndex ?? 0) as number))
      resize.observe(box.current)
      box.current.dataset.drawn = 'true'
    })
    return () => {
      gone = true
      resize.disconnect()
      chart.current?.dispose()
      chart.current = null
    }
  }, [])
  useEffect(() => chart.current?.setOption(option, { notMerge: true }), [option])
  return <div ref={box} className="chart" role="img" aria-label={label} style={{ height, width: '100%' }} />
}
