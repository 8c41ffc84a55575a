import type { RefObject } from 'react'
import { boxHeight, boxWidth, type Placed } from './layout.ts'
import type { View } from './view.ts'

const most = { width: 110, height: 150 }

/** The whole drawing, small, with what is on screen framed; a click goes there. The search does the same by keyboard. */
export function Minimap({
  placed,
  view,
  area,
  onGo,
}: {
  placed: Placed
  view: View
  area: RefObject<HTMLElement | null>
  onGo: (x: number, y: number) => void
}) {
  const scale = Math.min(most.width / placed.width, most.height / placed.height)
  const width = Math.max(placed.width * scale, 24)
  const height = Math.max(placed.height * scale, 24)
  const screen = { width: (area.current?.clientWidth ?? 0) / view.scale, height: (area.current?.clientHeight ?? 0) / view.scale }
  return (
    <svg
      className="minimap"
      width={width}
      height={height}
      viewBox={`0 0 ${placed.width} ${placed.height}`}
      preserveAspectRatio="xMidYMid meet"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.stopPropagation()
        const { left, top, width: w, height: h } = event.currentTarget.getBoundingClientRect()
        onGo(((event.clientX - left) / w) * placed.width, ((event.clientY - top) / h) * placed.height)
      }}
    >
      {[...placed.boxes].map(([key, { x, y }]) => (
        <rect key={key} x={x} y={y} width={boxWidth} height={boxHeight} fill="var(--quiet)" />
      ))}
      <rect
        x={-view.x / view.scale}
        y={-view.y / view.scale}
        width={screen.width}
        height={screen.height}
        fill="var(--memory)"
        fillOpacity="0.15"
        stroke="var(--memory)"
        strokeWidth={2 / scale}
      />
    </svg>
  )
}
