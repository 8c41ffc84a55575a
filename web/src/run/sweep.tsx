import { useMemo } from 'react'
import { Link } from 'wouter'
import { useSweep } from '../api/queries.ts'
import type { Sweep } from '../api/types.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, tooltip, useColors } from '../charts/colors.ts'
import { duration, short } from '../lib/format.ts'
import { useName } from '../runs/name.tsx'
import { Status, Verdict } from '../runs/verdict.tsx'
import { Header } from '../shell/header.tsx'
import { Loading, Refused } from '../shell/states.tsx'

/** A network over batches: what throughput costs in latency, and where it bends. */
export function SweepPage({ id }: { id: string }) {
  const { data: sweep, error } = useSweep(id)
  const name = useName(sweep?.architectureId ?? '')
  if (error && !sweep)
    return (
      <>
        <Header title="Sweep" />
        <Refused error={error} />
      </>
    )
  if (!sweep) return <Loading />
  return (
    <>
      <Header
        title={`${name}, batch by batch`}
        note={`${sweep.runtime} on ${sweep.device}, ${sweep.status}`}
        calls={[{ what: 'This sweep', path: `/v1/sweeps/${id}` }]}
      />
      <section className="card" style={{ marginBottom: '1rem' }}>
        <h2>{sweep.knee ? `The curve bends at batch ${sweep.knee.batch}` : 'Latency against throughput'}</h2>
        <p className="note">
          {sweep.knee
            ? `${short(sweep.knee.throughputPerSecond)} images/s at ${duration(sweep.knee.latencyMs)}: beyond it, latency grows faster than throughput.`
            : sweep.status === 'finished'
              ? 'No knee is shown by these points.'
              : 'The knee is worked out when all runs have ended.'}
        </p>
        <Curve sweep={sweep} />
      </section>
      <div className="card scroll" style={{ padding: 0 }}>
        <table className="plain">
          <thead>
            <tr>
              <th className="num">Batch</th>
              <th className="num">Latency</th>
              <th className="num wide">For an image</th>
              <th className="num">Images/s</th>
              <th>Outcome</th>
            </tr>
          </thead>
          <tbody>
            {sweep.points.map((point) => (
              <tr key={point.runId}>
                <td className="num">
                  <Link href={`/runs/${point.runId}`}>{point.batch}</Link>
                </td>
                <td className="num">{duration(point.latencyMs)}</td>
                <td className="num wide">{duration(point.msPerImage)}</td>
                <td className="num">{short(point.throughputPerSecond)}</td>
                <td>{point.verdict ? <Verdict verdict={point.verdict as 'valid'} /> : <Status status={point.status} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Curve({ sweep }: { sweep: Sweep }) {
  const colors = useColors()
  const option = useMemo(() => {
    const known = sweep.points.filter(({ latencyMs, throughputPerSecond }) => latencyMs !== null && throughputPerSecond !== null)
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ data }: { data: { batch: number; value: [number, number] } }) =>
          `batch ${data.batch}: ${short(data.value[1])} images/s, ${duration(data.value[0])}`,
      },
      grid: { left: 62, right: 24, top: 30, bottom: 42 },
      xAxis: { ...axis(colors), type: 'value', scale: true, name: 'latency of a call, ms', nameLocation: 'middle', nameGap: 26 },
      yAxis: { ...axis(colors), type: 'value', scale: true, name: 'images/s' },
      series: [
        {
          type: 'line',
          symbolSize: 10,
          lineStyle: { color: colors.memory },
          data: known.map(({ batch, latencyMs, throughputPerSecond }) => ({
            value: [latencyMs, throughputPerSecond],
            batch,
            symbol: batch === sweep.knee?.batch ? 'diamond' : 'circle',
            symbolSize: batch === sweep.knee?.batch ? 18 : 9,
            itemStyle: { color: batch === sweep.knee?.batch ? colors.params : colors.memory },
            label: { show: true, formatter: String(batch), position: 'top', color: colors.ink },
          })),
        },
      ],
    }
  }, [sweep, colors])
  return (
    <Chart
      height={300}
      option={option}
      label={`Throughput over latency at batches ${sweep.points.map(({ batch }) => batch).join(', ')}; the table below has the figures`}
    />
  )
}
