import { useMemo } from 'react'
import { useArchitectures, useRuns, useZooFigures } from '../api/queries.ts'

/** A network of the zoo with what it costs and the accuracy that was published, and the best median that was measured here, if any. */
export interface Point {
  preset: string
  family: string
  summary: string
  top1: number
  macs: number
  params: number
  latencyMs: number | null
  /** Where it is registered already. */
  architectureId: string | null
}

export function usePoints(): { points: Point[]; waiting: boolean } {
  const zoo = useZooFigures()
  const architectures = useArchitectures('', 100)
  const runs = useRuns({ limit: 100, status: 'succeeded' })
  const points = useMemo(() => {
    const registered = new Map(
      architectures.data?.items.flatMap(({ id, source }) => (source.kind === 'zoo' && source.preset ? [[source.preset, id]] : [])),
    )
    const best = new Map<string, number>()
    for (const { architectureId, batch, result, certificate } of runs.data?.items ?? []) {
      const median = result?.latencyMs.p50
      if (median && batch === 1 && certificate?.verdict !== 'invalid')
        best.set(architectureId, Math.min(best.get(architectureId) ?? median, median))
    }
    return (zoo.data?.items ?? []).flatMap((family) =>
      family.presets.flatMap(({ name, summary, top1, macs, params }): Point[] => {
        if (top1 === null) return []
        const architectureId = registered.get(name) ?? null
        const latencyMs = architectureId === null ? null : (best.get(architectureId) ?? null)
        return [{ preset: name, family: family.name, summary, top1, macs, params, latencyMs, architectureId }]
      }),
    )
  }, [zoo.data, architectures.data, runs.data])
  return { points, waiting: zoo.isLoading }
}

/** Those that nothing beats in both: no other is as accurate for less. */
export function front(points: Point[], cost: (point: Point) => number): Point[] {
  let best = Number.NEGATIVE_INFINITY
  return [...points]
    .sort((a, b) => cost(a) - cost(b) || b.top1 - a.top1)
    .filter(({ top1 }) => {
      if (top1 <= best) return false
      best = top1
      return true
    })
}
