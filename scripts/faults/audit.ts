/** What became of the runs that were acknowledged: read from the store itself, once every service has ended. */
import { rowsOf, sql } from '../../src/store/drizzle.ts'
import { isFinal, openStore, type Run, type Store, type StoreOptions } from '../../src/store/index.ts'

export interface Tally {
  acknowledged: number
  /** Acknowledged, and not there, or without what they recorded. */
  lost: number
  /** Executed by two at once, or stored twice. */
  twice: number
  /** Neither waiting nor ended. */
  stuck: number
}

export interface Audit {
  tally: Tally
  failures: string[]
  /** States, reasons and executions, counted. */
  notes: string[]
}

export const nothing: Tally = { acknowledged: 0, lost: 0, twice: 0, stuck: 0 }

const log = { debug() {}, info() {}, warn() {}, error: (data: object, message: string) => console.error(message, data) }

/** @param acknowledged ids of runs, by the key of their request, which is a label of each. */
export async function audit(options: Omit<StoreOptions, 'log'>, acknowledged: ReadonlyMap<string, string>): Promise<Audit> {
  const store = await openStore({ ...options, log })
  try {
    return await auditStore(store, acknowledged)
  } finally {
    await store.close()
  }
}

async function auditStore(store: Store, acknowledged: ReadonlyMap<string, string>): Promise<Audit> {
  const stored = await rowsOf<{ id: string }>(store.db, sql`SELECT id FROM runs`)
  const runs = await store.runs.getMany(stored.map(({ id }) => id))
  const ids = new Set(runs.map(({ id }) => id))
  const failures: string[] = []
  const count = (found: readonly unknown[], words: string): number => {
    if (found.length > 0) failures.push(`${found.length} ${words}`)
    return found.length
  }
  const gone = count(
    [...acknowledged.values()].filter((id) => !ids.has(id)),
    'acknowledged runs are not there',
  )
  const incomplete = count(await withoutRecord(store), 'ended runs lack their samples, or their last event')
  const doubled = count(
    [...Map.groupBy(runs, ({ labels }) => labels.key)].filter(([, list]) => list.length > 1),
    'requests were stored twice',
  )
  const { overlaps, pairs } = overlapsOf(runs)
  const overlapping = count(overlaps, 'results overlap on their device')
  // Nobody executes anything any more: what is left was not ended by whoever had it.
  const stuck = count(
    runs.filter((run) => !isFinal(run.status)),
    'runs are stuck',
  )
  count(
    runs.filter((run) => isFinal(run.status) && run.status !== 'succeeded' && !run.error),
    'runs ended badly and do not say why',
  )
  count(
    runs.filter((run) => run.ownersLost > 2),
    'runs were executed again after two services had vanished with them',
  )
  if (runs.filter(counted).length < runs.length / 2) failures.push('fewer than half of the runs succeeded: the service was hardly working')
  const notes = [
    `states: ${counts(runs.map((run) => run.status))}`,
    `reasons: ${counts(runs.flatMap((run) => (run.error ? [run.error.code] : [])))}`,
    `executions a run: ${counts(runs.map((run) => run.attempt))}`,
    `timed intervals that follow one another: ${pairs}`,
  ]
  return { tally: { acknowledged: acknowledged.size, lost: gone + incomplete, twice: doubled + overlapping, stuck }, failures, notes }
}

/** Ended runs whose events do not end with their end, and succeeded ones without samples. */
const withoutRecord = ({ db }: Store): Promise<unknown[]> =>
  rowsOf(
    db,
    sql`
      SELECT runs.id FROM runs
      LEFT JOIN run_events ON run_events.run_id = runs.id AND run_events.seq = runs.last_seq
      LEFT JOIN run_samples ON run_samples.run_id = runs.id
      WHERE runs.finished_at IS NOT NULL AND (
        run_events.type IS DISTINCT FROM runs.status OR (runs.status = 'succeeded' AND run_samples.run_id IS NULL))`,
  )

function counts<T>(values: readonly T[]): string {
  return [...Map.groupBy(values, (value) => value)].map(([value, list]) => `${value} ${list.length}`).join(', ') || 'none'
}

/** Results that may be used: valid and suspect ones alike. */
const counted = (run: Run): boolean => run.status === 'succeeded' && (run.certificate as { verdict: string }).verdict !== 'invalid'

/** Of each device, the intervals that the workers recorded by a clock that nobody sets, each beside the one before it. */
function overlapsOf(runs: readonly Run[]): { overlaps: unknown[]; pairs: number } {
  const overlaps: unknown[] = []
  let pairs = 0
  for (const [, ofDevice] of Map.groupBy(runs, (run) => run.deviceUuid)) {
    const intervals = ofDevice.filter(counted).map(({ environment }) => {
      const { startNs, endNs } = (environment as { interval: { startNs: string; endNs: string } }).interval
      return { start: BigInt(startNs), end: BigInt(endNs) }
    })
    intervals.sort((a, b) => (a.start < b.start ? -1 : 1))
    for (let i = 1; i < intervals.length; i++) {
      pairs += 1
      if (intervals[i]!.start < intervals[i - 1]!.end) overlaps.push(intervals[i])
    }
  }
  return { overlaps, pairs }
}
