import { type RefObject, useCallback, useEffect, useState } from 'react'

export interface View {
  x: number
  y: number
  /** Pixels for each unit of the drawing. */
  scale: number
}

const clamp = (scale: number): number => Math.min(2.5, Math.max(0.08, scale))

/** Moving about a drawing: drag, wheel with Ctrl or two fingers, and buttons. */
export function useView(box: RefObject<HTMLElement | null>, width: number, height: number) {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 })
  const fit = useCallback(() => {
    const area = box.current
    if (!area || width === 0) return
    // Wide enough to read: a long network is scrolled, not shrunk to a thread.
    const scale = clamp(Math.min(1.1, Math.max(0.75, Math.min(area.clientWidth / (width + 40), area.clientHeight / (height + 40)))))
    setView({
      scale,
      x: (area.clientWidth - width * scale) / 2,
      y: height * scale < area.clientHeight ? (area.clientHeight - height * scale) / 2 : 16,
    })
  }, [box, width, height])
  const zoom = useCallback(
    (factor: number, at?: { x: number; y: number }) =>
      setView((before) => {
        const area = box.current
        const { x, y } = at ?? { x: (area?.clientWidth ?? 0) / 2, y: (area?.clientHeight ?? 0) / 2 }
        const scale = clamp(before.scale * factor)
        const ratio = scale / before.scale
        return { scale, x: x - (x - before.x) * ratio, y: y - (y - before.y) * ratio }
      }),
    [box],
  )
  const center = useCallback(
    (x: number, y: number) =>
      setView(({ scale }) => ({
        scale,
        x: (box.current?.clientWidth ?? 0) / 2 - x * scale,
        y: (box.current?.clientHeight ?? 0) / 2 - y * scale,
      })),
    [box],
  )
  useEffect(() => {
    const area = box.current
    if (!area) return
    // By hand, since React's wheel listeners are passive and the page would scroll as well.
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      const { left, top } = area.getBoundingClientRect()
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 200), { x: event.clientX - left, y: event.clientY - top })
      else setView((before) => ({ ...before, x: before.x - event.deltaX, y: before.y - event.deltaY }))
    }
    area.addEventListener('wheel', wheel, { passive: false })
    return () => area.removeEventListener('wheel', wheel)
  }, [box, zoom])
  return { view, setView, fit, zoom, center }
}
