import { Button, Group, MultiSelect, SegmentedControl } from '@mantine/core'
import { useMemo } from 'react'
import { useLocation } from 'wouter'
import { useRegister } from '../architectures/register.ts'
import { Chart } from '../charts/chart.tsx'
import { axis, escaped, tooltip, useColors } from '../charts/colors.ts'
import { duration, scaled } from '../lib/format.ts'
import { useUrlState } from '../lib/url.ts'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { front, type Point, usePoints } from './points.ts'

const defaults = { x: 'macs', families: '', network: '' }
const axes = {
  macs: { label: 'Multiply-adds', of: (point: Point) => point.macs, text: (value: number) => scaled(value) },
  params: { label: 'Parameters', of: (point: Point) => point.params, text: (value: number) => scaled(value) },
  latency: { label: 'Measured latency', of: (point: Point) => point.latencyMs, text: (value: number) => duration(value) },
} as const

/** What accuracy costs: the zoo, with the networks that nothing beats. */
export function Explore() {
  const [view, set] = useUrlState(defaults)
  const { points, waiting } = usePoints()
  const colors = useColors()
  const x = axes[view.x as keyof typeof axes] ?? axes.macs
  const families = useMemo(() => (view.families ? view.families.split(',') : []), [view.families])
  const shown = useMemo(
    () => points.filter((point) => x.of(point) !== null && (families.length === 0 || families.includes(point.family))),
    [points, x, families],
  )
  const best = useMemo(() => front(shown, (point) => x.of(point)!), [shown, x])
  const picked = points.find(({ preset }) => preset === view.network)
  const option = useMemo(() => {
    const most = Math.max(...shown.map(({ params }) => params), 1)
    const names = new Set(best.map(({ preset }) => preset))
    return {
      animation: false,
      tooltip: {
        ...tooltip(colors),
        trigger: 'item',
        formatter: ({ data }: { data: { point?: Point } }) => (data.point ? told(data.point) : ''),
      },
      grid: { left: 48, right: 24, top: 30, bottom: 44 },
      xAxis: {
        ...axis(colors),
        type: 'log',
        name: x.label.toLowerCase(),
        nameLocation: 'middle',
        nameGap: 28,
        axisLabel: { ...axis(colors).axisLabel, formatter: (value: number) => x.text(value) },
      },
      yAxis: { ...axis(colors), type: 'value', scale: true, name: 'top-1, %' },
      series: [
        {
          type: 'scatter',
          data: shown.map((point) => ({
            value: [x.of(point), point.top1],
            point,
            symbolSize: 8 + 44 * Math.sqrt(point.params / most),
            itemStyle: {
              color: names.has(point.preset) ? colors.flops : colors.memory,
              opacity: names.has(point.preset) ? 0.75 : 0.35,
              borderColor: point.preset === view.network ? colors.ink : colors.card,
              borderWidth: point.preset === view.network ? 3 : 1,
            },
            label: {
              show: names.has(point.preset),
              formatter: point.preset,
              // Beside the steep part of the front; above the flat one, where circles are large.
              position: point.params > most / 50 ? 'top' : 'left',
              color: colors.ink,
              fontSize: 11,
            },
          })),
          labelLayout: { hideOverlap: true },
        },
        {
          type: 'line',
          silent: true,
          symbol: 'none',
          z: 1,
          lineStyle: { color: colors.flops, type: 'dashed', width: 1.5 },
          data: best.map((point) => [x.of(point), point.top1]),
        },
      ],
    }
  }, [shown, best, x, colors, view.network])
  return (
    <>
      <Header
        title="What accuracy costs"
        note="Networks of the zoo: published top-1 on ImageNet over what they cost. Circles by parameters; those in green nothing beats in both."
        calls={[
          {
            what: 'The zoo, with the figures of every network',
            path: '/v1/zoo?expand=presets',
            graphql: '{ zooFamily(name: "resnet") { presets { name published { quantity value source } } } }',
          },
        ]}
      />
      <Group mb="sm" align="flex-end">
        <SegmentedControl
          size="xs"
          aria-label="Cost"
          value={view.x}
          onChange={(next) => set({ x: next })}
          data={Object.entries(axes).map(([value, { label }]) => ({ value, label }))}
        />
        <MultiSelect
          size="xs"
          aria-label="Families"
          placeholder={families.length === 0 ? 'All families' : ''}
          clearable
          searchable
          w={{ base: '100%', sm: 340 }}
          data={[...new Set(points.map(({ family }) => family))].sort()}
          value={families}
          onChange={(next) => set({ families: next.join(',') })}
        />
      </Group>
      {waiting && points.length === 0 ? (
        <Loading />
      ) : shown.length === 0 ? (
        <Empty title={view.x === 'latency' ? 'No network of the zoo has been timed here with batch 1' : 'Nothing to show'}>
          {view.x === 'latency'
            ? 'Register some, press “Time it”, and they appear here as their runs end.'
            : 'Take a family away from the filter.'}
        </Empty>
      ) : (
        <div className="card">
          <Chart
            height={520}
            option={option}
            label={`${shown.length} networks, accuracy over ${x.label.toLowerCase()}. Nothing beats ${best.map(({ preset }) => preset).join(', ')}.`}
            onPick={(index) => set({ network: shown[index]?.preset ?? '' })}
          />
        </div>
      )}
      {picked && <Picked point={picked} />}
      <details className="card" style={{ marginTop: '1rem' }}>
        <summary>As a table</summary>
        <Table points={shown} onPick={(network) => set({ network })} />
      </details>
    </>
  )
}

function told(point: Point): string {
  return [
    `<strong>${escaped(point.preset)}</strong>`,
    `${point.top1} % top-1`,
    `${scaled(point.macs)} multiply-adds`,
    `${scaled(point.params)} params`,
    point.latencyMs === null ? '' : `${duration(point.latencyMs)} measured`,
  ]
    .filter(Boolean)
    .join('<br>')
}

function Picked({ point }: { point: Point }) {
  const register = useRegister()
  const [, navigate] = useLocation()
  return (
    <section className="card" style={{ marginTop: '1rem' }} aria-label={point.preset}>
      <Group justify="space-between">
        <div>
          <strong>{point.preset}</strong>
          <div className="note">
            {point.summary} {point.top1} % top-1.
          </div>
        </div>
        {point.architectureId ? (
          <Button size="xs" onClick={() => navigate(`/architectures/${point.architectureId}`)}>
            Open
          </Button>
        ) : (
          <Button size="xs" loading={register.isPending} onClick={() => register.mutate({ preset: point.preset })}>
            Register and open
          </Button>
        )}
      </Group>
      {register.error && <Refused error={register.error} />}
    </section>
  )
}

function Table({ points, onPick }: { points: Point[]; onPick: (preset: string) => void }) {
  return (
    <div className="scroll" style={{ maxHeight: 420, overflowY: 'auto' }}>
      <table className="plain">
        <thead>
          <tr>
            <th>Network</th>
            <th className="num">Top-1, %</th>
            <th className="num">Multiply-adds</th>
            <th className="num">Params</th>
            <th className="num">Measured</th>
          </tr>
        </thead>
        <tbody>
          {[...points]
            .sort((a, b) => b.top1 - a.top1)
            .map((point) => (
              <tr key={point.preset}>
                <td>
                  <button type="button" className="sort" onClick={() => onPick(point.preset)}>
                    {point.preset}
                  </button>
                </td>
                <td className="num">{point.top1}</td>
                <td className="num">{scaled(point.macs)}</td>
                <td className="num">{scaled(point.params)}</td>
                <td className="num">{duration(point.latencyMs)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}
