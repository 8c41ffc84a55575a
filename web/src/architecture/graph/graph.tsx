import { Button, Group, SegmentedControl, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useProfile, useRuns } from '../../api/queries.ts'
import { bytes, duration, exact, scaled, shape } from '../../lib/format.ts'
import type { Row } from '../rows.ts'
import { boxHeight, boxWidth, layout, type Placed } from './layout.ts'
import { Minimap } from './minimap.tsx'
import { type Block, openAtFirst, treeOf, visibleOf } from './tree.ts'
import { useView } from './view.ts'

const measures = {
  flops: { label: 'Flops', color: 'var(--flops)', of: (row: Row) => row.cost.flops, text: (value: number) => `${scaled(value)} flops` },
  params: {
    label: 'Params',
    color: 'var(--params)',
    of: (row: Row) => row.cost.params,
    text: (value: number) => `${scaled(value)} params`,
  },
  memory: { label: 'Memory', color: 'var(--memory)', of: (row: Row) => row.cost.memoryKiB, text: (value: number) => bytes(value * 1024) },
} as const

/** The network as it is connected: blocks folded, colored by what they cost or by the time they took. */
export function GraphView({
  id,
  rows,
  picked,
  color,
  onColor,
  onPick,
}: {
  id: string
  rows: Row[]
  picked: string
  color: string
  onColor: (color: string) => void
  onPick: (layer: string) => void
}) {
  const runs = useRuns({ architectureId: id, status: 'succeeded', limit: 20 })
  const profiled = runs.data?.items.find(({ profile }) => profile)
  const profile = useProfile(profiled?.id ?? '', profiled !== undefined)
  const times = useMemo(() => new Map(profile.data?.rows.map(({ layerIds, ms }) => [layerIds[0] ?? '', ms])), [profile.data])
  const timed = {
    label: 'Time',
    color: 'var(--memory)',
    of: (row: Row) => times.get(row.cost.id) ?? 0,
    text: (value: number) => duration(value),
  }
  const measure = color === 'ms' && times.size > 0 ? timed : (measures[color as keyof typeof measures] ?? measures.flops)
  const tree = useMemo(() => treeOf(rows), [rows])
  const first = useMemo(() => openAtFirst(tree), [tree])
  const [changed, setChanged] = useState<Set<string> | null>(null)
  const open = changed ?? first
  const shown = useMemo(() => visibleOf(tree, open, rows), [tree, open, rows])
  const [placed, setPlaced] = useState<Placed | null>(null)
  const [search, setSearch] = useState('')
  const box = useRef<HTMLElement>(null)
  const { view, setView, fit, zoom, center } = useView(box, placed?.width ?? 0, placed?.height ?? 0)
  useEffect(() => {
    let current = true
    const { clientWidth = 1, clientHeight = 1 } = box.current ?? {}
    void layout(shown.blocks, shown.edges, clientWidth / Math.max(clientHeight, 1)).then((result) => current && setPlaced(result))
    return () => {
      current = false
    }
  }, [shown])
  const fitted = useRef(false)
  useEffect(() => {
    if (!placed || fitted.current) return
    fitted.current = true
    fit()
  }, [placed, fit])
  const value = (block: Block) => block.layers.reduce((sum, index) => sum + measure.of(rows[index]!), 0)
  const most = Math.max(...shown.blocks.map(value), 1e-12)
  const wanted = search.trim().toLowerCase()
  const hit = (block: Block) =>
    wanted !== '' &&
    block.layers.some(
      (index) => rows[index]!.cost.id.toLowerCase().includes(wanted) || rows[index]!.cost.type.toLowerCase().includes(wanted),
    )
  const find = () => {
    const target = shown.blocks.find(hit)
    const at = target && placed?.boxes.get(target.key)
    if (at) center(at.x + boxWidth / 2, at.y + boxHeight / 2)
  }
  const toggle = (block: Block) => {
    if (block.children.length > 0) setChanged(new Set(open).add(block.key))
    else onPick(rows[block.layers[0]!]!.cost.id)
  }
  return (
    <div className="card" style={{ padding: 0 }}>
      <Group p="sm" gap="sm" justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label="Color by"
          value={measure === timed ? 'ms' : color in measures ? color : 'flops'}
          onChange={onColor}
          data={[
            ...Object.entries(measures).map(([key, { label }]) => ({ value: key, label })),
            { value: 'ms', label: 'Measured time', disabled: times.size === 0 },
          ]}
        />
        <Group gap="xs">
          <TextInput
            size="xs"
            aria-label="Search the graph"
            placeholder="Search, Enter goes there"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && find()}
          />
          <Button size="compact-xs" variant="default" onClick={() => setChanged(new Set())}>
            Fold all
          </Button>
          <Button size="compact-xs" variant="default" aria-label="Smaller" onClick={() => zoom(0.8)}>
            −
          </Button>
          <Button size="compact-xs" variant="default" aria-label="Larger" onClick={() => zoom(1.25)}>
            +
          </Button>
          <Button size="compact-xs" variant="default" onClick={fit}>
            Fit
          </Button>
        </Group>
      </Group>
      <p className="note" style={{ padding: '0 0.9rem' }}>
        {exact(rows.length)} layers in {exact(shown.blocks.length)} boxes; one with a + opens.{' '}
        {measure === timed
          ? `Times of the run of ${profiled?.runtime}.`
          : times.size === 0 && 'By measured time, once a run of it has timed its layers.'}
      </p>
      <section
        ref={box}
        className="graph"
        aria-label="Graph of layers"
        onPointerDown={(event) => {
          if (event.target instanceof Element && event.target.closest('[role=button]')) return
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId))
            setView((before) => ({ ...before, x: before.x + event.movementX, y: before.y + event.movementY }))
        }}
      >
        {placed && (
          <svg width="100%" height="100%" data-placed={shown.blocks.length}>
            <title>Graph of layers</title>
            <defs>
              <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                <path d="M0 0L8 4L0 8z" fill="var(--quiet)" />
              </marker>
            </defs>
            <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
              {placed.arrows.map(({ key, points }) => (
                <polyline
                  key={key}
                  points={points.map(({ x, y }) => `${x},${y}`).join(' ')}
                  fill="none"
                  stroke="var(--quiet)"
                  strokeWidth="1.2"
                  markerEnd="url(#tip)"
                />
              ))}
              {shown.blocks.map((block) => {
                const at = placed.boxes.get(block.key)
                if (!at) return null
                const cost = value(block)
                return (
                  <Box
                    key={block.key}
                    block={block}
                    rows={rows}
                    at={at}
                    share={cost / most}
                    color={measure.color}
                    text={measure.text(cost)}
                    marked={hit(block) || block.layers.some((index) => rows[index]!.cost.id === picked)}
                    onOpen={() => toggle(block)}
                  />
                )
              })}
            </g>
          </svg>
        )}
        {placed && <Minimap placed={placed} view={view} area={box} onGo={center} />}
      </section>
    </div>
  )
}

function Box(props: {
  block: Block
  rows: Row[]
  at: { x: number; y: number }
  share: number
  color: string
  text: string
  marked: boolean
  onOpen: () => void
}) {
  const { block, rows, at, share, color, text, marked, onOpen } = props
  const only = block.layers.length === 1 ? rows[block.layers[0]!]! : null
  const last = rows[block.layers.at(-1)!]!
  const label = block.label.length > 28 ? `${block.label.slice(0, 13)}…${block.label.slice(-13)}` : block.label
  const what = only ? only.cost.type : `${block.layers.length} layers`
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      role="button"
      tabIndex={0}
      aria-expanded={only ? undefined : false}
      transform={`translate(${at.x} ${at.y})`}
      onClick={onOpen}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onOpen()
      }}
    >
      <rect
        width={boxWidth}
        height={boxHeight}
        rx={only ? 6 : 10}
        fill={`color-mix(in srgb, ${color} ${Math.round(4 + 56 * share)}%, var(--card))`}
        stroke={marked ? 'var(--ink)' : `color-mix(in srgb, ${color} 50%, var(--line))`}
        strokeWidth={marked ? 3 : 1.2}
      />
      <text x="10" y="19" fontSize="12.5" fontWeight="600" fill="var(--ink)">
        {only ? '' : '+ '}
        {label}
      </text>
      <text x="10" y="36" fontSize="11" fill="var(--ink)">
        {what.replace(/2d$/, '')} · {shape(last.cost.outputShape)} · {text.replace(/ (flops|params)$/, '')}
      </text>
    </g>
  )
}
