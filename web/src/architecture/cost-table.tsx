import { Button, Group, SegmentedControl, TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import type { Costs } from '../api/types.ts'
import { exact, same, short } from '../lib/format.ts'
import type { Row } from './rows.ts'

const rowHeight = 30
/** From here on rows outside the view are not drawn. */
const many = 150
/** Of the columns, where they are fixed. */
const widths = ['25%', '6%', '7%', '7%', '6.5%', '6%', '6%', '6.5%', '7%', '8%', '7.5%', '7.5%']

/** The lecture's table. */
export function CostTable(props: {
  rows: Row[]
  all: number
  costs: Costs
  picked: string
  onPick: (layer: string) => void
  onShow: (rows: 'costly' | 'all') => void
}) {
  const { rows, all, costs, picked, onPick, onShow } = props
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const shown = useMemo(
    () => (wanted ? rows.filter(({ cost }) => cost.id.toLowerCase().includes(wanted) || cost.type.toLowerCase().includes(wanted)) : rows),
    [rows, wanted],
  )
  const most = useMemo(
    () => ({
      memory: largest(rows, 'memoryKiB'),
      params: largest(rows, 'params'),
      flops: largest(rows, 'flops'),
    }),
    [rows],
  )
  const box = useRef<HTMLDivElement>(null)
  const virtual = shown.length > many
  const virtualizer = useVirtualizer({
    count: virtual ? shown.length : 0,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // Rows may come a frame late, so that scrolling never waits for them.
    useFlushSync: false,
  })
  const at = useMemo(() => (picked ? shown.findIndex(({ cost }) => cost.id === picked) : -1), [shown, picked])
  const totals = useMemo(
    () => ({ memory: sum(shown, 'memoryKiB'), params: sum(shown, 'params') / 1e3, flops: sum(shown, 'flops') / 1e6 }),
    [shown],
  )
  useEffect(() => {
    if (at < 0) return
    if (virtual) virtualizer.scrollToIndex(at, { align: 'center' })
  }, [picked])
  const items = virtual ? virtualizer.getVirtualItems() : []
  const before = items[0]?.start ?? 0
  const after = virtual ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0
  const body = virtual ? items.map(({ index }) => index) : shown.map((_, index) => index)
  return (
    <div className="card" style={{ padding: 0 }}>
      <Group p="sm" gap="sm" justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label="Which layers"
          value={rows.length === all ? 'all' : 'costly'}
          onChange={(value) => onShow(value as 'costly' | 'all')}
          data={[
            { value: 'costly', label: 'Layers that cost' },
            { value: 'all', label: `All ${exact(all)} layers` },
          ]}
        />
        <Group gap="xs">
          <TextInput
            size="xs"
            aria-label="Search layers"
            placeholder="Search layers"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Button
            size="compact-sm"
            variant="default"
            component="a"
            href={`/v1/architectures/${idOf()}/export?format=csv&convention=${costs.convention}`}
            download
          >
            CSV
          </Button>
        </Group>
      </Group>
      <section
        ref={box}
        className="scroll lecture"
        // Scrolls, so the keyboard must reach it.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        aria-label="Costs layer by layer"
        style={virtual ? { maxHeight: '75vh', overflowY: 'auto' } : undefined}
      >
        {/* Where rows come and go, columns keep their width, or each scroll would lay out the whole table anew. */}
        <table aria-rowcount={shown.length + 2} className={virtual ? 'fixed' : undefined}>
          {virtual && (
            <colgroup>
              {widths.map((width, index) => (
                <col key={index} style={{ width }} />
              ))}
            </colgroup>
          )}
          <thead>
            <tr>
              <th rowSpan={2} scope="col">
                Layer
              </th>
              <th colSpan={2} scope="colgroup">
                Input
              </th>
              <th colSpan={4} scope="colgroup">
                Layer
              </th>
              <th colSpan={2} scope="colgroup">
                Output
              </th>
              <th rowSpan={2} className="num" scope="col">
                memory (KB)
              </th>
              <th rowSpan={2} className="num" scope="col">
                params (k)
              </th>
              <th rowSpan={2} className="num" scope="col">
                flop (M)
              </th>
            </tr>
            <tr>
              {['C', 'H/W', 'filters', 'kernel', 'stride', 'pad', 'C', 'H/W'].map((name, index) => (
                <th key={index} className="num" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr style={{ height: before }} />}
            {body.map((index) => (
              <Line key={shown[index]!.cost.id} row={shown[index]!} at={index} most={most} picked={index === at} onPick={onPick} />
            ))}
            {after > 0 && <tr style={{ height: after }} />}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={9}>
                {wanted ? `${exact(shown.length)} layers found` : rows.length === all ? 'All layers' : 'Layers above'}
              </th>
              <td className="num">{short(totals.memory)}</td>
              <td className="num">{short(totals.params)}</td>
              <td className="num">{short(totals.flops)}</td>
            </tr>
          </tfoot>
        </table>
      </section>
    </div>
  )
}

const idOf = (): string => location.pathname.split('/').at(-1) ?? ''
/** At least 1, to divide by. Not by Math.max(…), which takes no more arguments than a stack holds. */
const largest = (rows: Row[], key: 'memoryKiB' | 'params' | 'flops'): number =>
  rows.reduce((most, { cost }) => Math.max(most, cost[key]), 1)
const sum = (rows: Row[], key: 'memoryKiB' | 'params' | 'flops'): number => rows.reduce((total, { cost }) => total + cost[key], 0)

const Line = memo(function Line({
  row,
  at,
  most,
  picked,
  onPick,
}: {
  row: Row
  at: number
  most: { memory: number; params: number; flops: number }
  picked: boolean
  onPick: (layer: string) => void
}) {
  const { cost, layer, input, filters } = row
  return (
    <tr aria-rowindex={at + 3} data-picked={picked} style={{ height: rowHeight }}>
      <th scope="row" title={`${cost.id}: ${cost.type}`}>
        <button type="button" className="sort" onClick={() => onPick(picked ? '' : cost.id)} aria-pressed={picked}>
          {cost.id}
        </button>
        <span>{cost.type}</span>
      </th>
      <td className="num">{input?.[0]}</td>
      <td className="num">{same(input?.slice(1))}</td>
      <td className="num">{filters}</td>
      <td className="num">{same(layer?.kernelSize)}</td>
      <td className="num">{same(layer?.stride)}</td>
      <td className="num">{typeof layer?.padding === 'string' ? layer.padding : same(layer?.padding)}</td>
      <td className="num">{cost.outputShape[0]}</td>
      <td className="num">{same(cost.outputShape.slice(1))}</td>
      <Bar value={cost.memoryKiB} shown={cost.memoryKiB} most={most.memory} color="var(--memory)" />
      <Bar value={cost.params} shown={cost.params / 1e3} most={most.params} color="var(--params)" />
      <Bar value={cost.flops} shown={cost.flops / 1e6} most={most.flops} color="var(--flops)" />
    </tr>
  )
})

/** A figure with its share of the largest behind it. */
function Bar({ value, shown, most, color }: { value: number; shown: number; most: number; color: string }) {
  const share = Math.round((1000 * value) / most) / 10
  const tint = `color-mix(in srgb, ${color} 24%, transparent)`
  return (
    <td className="num" title={exact(value)} style={{ background: `linear-gradient(to left, ${tint} ${share}%, transparent ${share}%)` }}>
      {short(shown)}
    </td>
  )
}
