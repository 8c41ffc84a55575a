import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import { familyQuery, useArchitectures, useRuns, useZoo } from '../api/queries.ts'

/** A network of the zoo with what was published of it, and the best median that was measured here, if any. */
export interface Point {
  preset: string
  family: string
  summary: string
  top1: number
  macs: number | null
  params: number | null
  latencyMs: number | null
  /** Where it is registered already. */
  architectureId: string | null
}

export function usePoints(): { points: Point[]; waiting: boolean } {
  const zoo = useZoo()
  const families = useQueries({ queries: (zoo.data?.items ?? []).map(({ name }) => familyQuery(name)) })
  const architectures = useArchitectures('', 100)
  const runs = useRuns({ limit: 100, status: 'succeeded' })
  const loaded = families.filter(({ data }) => data).length
  // `families` is another array each time; `loaded` says what is in it.
  const points = useMemo(() => {
    const registered = new Map(architectures.data?.items.flatMap(({ id, source }) => (source.preset ? [[source.preset, id]] : [])))
    const best = new Map<string, number>()
    for (const { architectureId, batch, result, certificate } of runs.data?.items ?? []) {
      const median = result?.latencyMs.p50
      if (median && batch === 1 && certificate?.verdict !== 'invalid')
        best.set(architectureId, Math.min(best.get(architectureId) ?? median, median))
    }
    return families.flatMap(({ data: family }) =>
      (family?.presets ?? []).flatMap(({ name, summary, published }): Point[] => {
        const of = (quantity: string) => published.find((each) => each.quantity === quantity)?.value ?? null
        const top1 = of('top1')
        const architectureId = registered.get(name) ?? null
        if (top1 === null) return []
        const latencyMs = architectureId === null ? null : (best.get(architectureId) ?? null)
        return [{ preset: name, family: family!.name, summary, top1, macs: of('macs'), params: of('params'), latencyMs, architectureId }]
      }),
    )
  }, [loaded, architectures.data, runs.data])
  return { points, waiting: zoo.isLoading || loaded < families.length }
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
