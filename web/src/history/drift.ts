import type { Run } from '../api/types.ts'

/** Whether two runs measure the same: all that a user can ask for is equal. */
export function alike(a: Run, b: Run): boolean {
  const asked = ({ architectureId, deviceUuid, runtime, backend, batch, precision, resolution, sizes, weights, against, settings }: Run) =>
    JSON.stringify([
      ...[architectureId, deviceUuid, runtime, backend, batch, precision, resolution, sizes, weights, against?.architectureId ?? null],
      Object.entries(settings).sort(([x], [y]) => (x < y ? -1 : 1)),
    ])
  return asked(a) === asked(b)
}

/** How far a median lies from that of the runs before it. */
export interface Drift {
  /** (median − reference) / reference: above 0 it got slower. */
  share: number
  /** Median of the medians before it, ms. */
  referenceMs: number
  /** How many of them. */
  of: number
}

/** Earlier runs that a drift is told from, and how many it takes: as the service's own check of repeated runs. */
const window = { most: 10, least: 3 }

/** For each run, in the order measured, its drift; null where too few came before. Invalid runs are no reference. */
export function driftOf(runs: readonly Run[]): (Drift | null)[] {
  return runs.map((run, at) => {
    const median = run.result?.latencyMs.p50
    const before = runs
      .slice(0, at)
      .filter(({ certificate }) => certificate?.verdict !== 'invalid')
      .flatMap(({ result }) => (result?.latencyMs.p50 ? [result.latencyMs.p50] : []))
      .slice(-window.most)
    if (!median || before.length < window.least) return null
    const sorted = before.sort((a, b) => a - b)
    const middle = sorted.length / 2
    const referenceMs = (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2
    return { share: median / referenceMs - 1, referenceMs, of: before.length }
  })
}

/** Facts of the environment that change from run to run by themselves, and say nothing of what is measured. */
const passing = /load|temperature|clock|pid|uptime|started|finished|interval|free|available|Ms$|seed|host\.time/i

/** What the environments record differently, as `path: before → after`, the first few. */
export function changesSince(before: Run, after: Run): string[] {
  const found: string[] = []
  const walk = (a: unknown, b: unknown, path: string): void => {
    if (found.length >= 4 || passing.test(path)) return
    if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        walk((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], path ? `${path}.${key}` : key)
      return
    }
    if (JSON.stringify(a) !== JSON.stringify(b)) found.push(`${path}: ${told(a)} → ${told(b)}`)
  }
  walk(before.environment, after.environment, '')
  return found
}

const told = (value: unknown): string => (value === undefined || value === null ? 'none' : String(JSON.stringify(value)).slice(0, 60))
