import { Select } from '@mantine/core'
import { useMemo } from 'react'
import { shape } from '../lib/format.ts'
import type { Row } from './rows.ts'

/** What of the image one element of a layer's output has seen, drawn on the image. */
export function ReceptiveField({
  rows,
  inputs,
  picked,
  onPick,
}: {
  rows: Row[]
  inputs: { id: string; shape: number[] }[]
  picked: string
  onPick: (layer: string) => void
}) {
  const known = useMemo(() => rows.filter(({ cost }) => cost.receptiveField !== null && cost.outputShape.length === 3), [rows])
  const row = known.find(({ cost }) => cost.id === picked) ?? known.at(-1)
  const [height = 0, width = 0] = inputs[0]?.shape.slice(1) ?? []
  if (!row || height === 0) return <p>No layer of this network has a receptive field over an image.</p>
  const [fieldHeight = 0, fieldWidth = fieldHeight] = row.cost.receptiveField!
  const steps = row.cost.effectiveStride ?? []
  const [h, w] = [Math.min(fieldHeight, height), Math.min(fieldWidth, width)]
  const covers = Math.min(1, (h * w) / (height * width))
  return (
    <section className="card" aria-label="Receptive field">
      <Select
        label="Layer"
        searchable
        w={280}
        mb="sm"
        allowDeselect={false}
        data={known.map(({ cost }) => cost.id)}
        value={row.cost.id}
        onChange={(layer) => layer && onPick(layer)}
      />
      <p className="note">
        One element of {row.cost.id} sees {shape(row.cost.receptiveField!)} of the {shape([height, width])} image
        {covers >= 1 ? ', all of it' : `, ${Math.round(covers * 100)} % of its area`}. Its neighbor sees the same, {shape(steps)} pixels on.
      </p>
      <svg
        viewBox={`-4 -4 ${width + 8} ${height + 8}`}
        style={{ maxWidth: 420, width: '100%' }}
        role="img"
        aria-label={`${shape(row.cost.receptiveField!)} of ${shape([height, width])}`}
      >
        <rect width={width} height={height} fill="var(--page)" stroke="var(--quiet)" vectorEffect="non-scaling-stroke" />
        {known
          .filter(({ cost }) => cost.receptiveField![0]! < fieldHeight)
          .map(({ cost }) => {
            const [fh = 0, fw = fh] = cost.receptiveField!
            return (
              <rect
                key={cost.id}
                x={(width - fw) / 2}
                y={(height - fh) / 2}
                width={fw}
                height={fh}
                fill="none"
                stroke="var(--line)"
                vectorEffect="non-scaling-stroke"
              />
            )
          })}
        <rect
          x={(width - w) / 2}
          y={(height - h) / 2}
          width={w}
          height={h}
          fill="var(--memory)"
          fillOpacity="0.2"
          stroke="var(--memory)"
          strokeWidth="2"
          vectorEffect="non-scaling-stroke"
        />
        <rect x={width / 2 - 1} y={height / 2 - 1} width="2" height="2" fill="var(--ink)" />
      </svg>
    </section>
  )
}
