/**
 * The waiting runs of each device, each key's in the order in which they will run. They are kept in memory because a place in a queue
 * is a count of all runs before it: a list of runs needs hundreds of places, and no index answers that. They are read from
 * the table once; after that, notices say which runs changed, and only those are read again before a place is given.
 */

import type { Database } from './drizzle.ts'
import { eq, inArray, type SQL, sql } from './drizzle.ts'
import type { Notifications } from './notifications.ts'
import { type Run, runs } from './schema.ts'
import { NO_KEY } from './shares.ts'

/** What runs of equal duration have in common: one object shared by all of them. */
export type Workload = Pick<
  Run,
  'workload' | 'runtime' | 'backend' | 'macs' | 'settings' | 'timeoutMs' | 'rounds' | 'expectedMs' | 'expectedBasis'
>

export interface WaitingRun {
  id: string
  /** Of the key that queued it; `NO_KEY` without one. */
  key: string
  priority: number
  /** ms since the epoch. */
  queuedAt: number
  workload: Workload
}

/** With more changes than this, everything is read again. */
const MOST_CHANGED = 1000

/** The order in which waiting runs of one key are taken (`QUEUE_ORDER`). */
const inOrder = (a: WaitingRun, b: WaitingRun): number =>
  b.priority - a.priority || a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The queue of one device. */
export class Line {
  /** Those of one key in the order in which they are taken; which key is next is a matter of their shares. */
  readonly runs: WaitingRun[] = []

  /** Where the run stands or would stand. */
  indexOf(run: WaitingRun): number {
    let [low, high] = [0, this.runs.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (inOrder(this.runs[middle]!, run) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Of one moment. */
export interface Lines {
  /** By device UUID; none for a device for which nothing waits. */
  readonly lines: ReadonlyMap<string, Line>
  /** Null for one that does not wait. */
  find(runId: string): { line: Line; run: WaitingRun } | null
}

export class Waiting {
  readonly #db: Database
  readonly #heard: () => Promise<void>
  #lines = new Map<string, Line>()
  #runs = new Map<string, { line: Line; run: WaitingRun }>()
  #workloads = new Map<string, Workload>()
  /** Runs named in notices since they were read. */
  #changed = new Set<string>()
  /** Whether notices may have been missed, or have not been received yet. */
  #unknown = true
  #reading: Promise<void> | null = null
  #next: Promise<void> | null = null

  /** @param heard resolves when the notices of all that was committed before have come; rejects where that cannot be told. */
  constructor(db: Database, notifications: Notifications, heard: () => Promise<void>) {
    this.#db = db
    this.#heard = heard
    notifications.onAnyEvent((runId) => {
      if (this.#unknown) return
      if (runId === null || this.#changed.size >= MOST_CHANGED) this.#unknown = true
      else this.#changed.add(runId)
    })
  }

  /**
   * The queues as they are after all that was committed before this call. They change with the next: use them before
   * anything is awaited.
   */
  async read(): Promise<Lines> {
    await this.#catchUp()
    return { lines: this.#lines, find: (runId) => this.#runs.get(runId) ?? null }
  }

  /** One read at a time; a call during a read waits for the next one, which begins after the call. */
  #catchUp(): Promise<void> {
    if (this.#reading)
      return (this.#next ??= this.#reading
        .catch(() => {})
        .then(() => {
          this.#next = null
          return this.#catchUp()
        }))
    this.#reading = this.#readChanges().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readChanges(): Promise<void> {
    await this.#heard().catch(() => {
      this.#unknown = true
    })
    const all = this.#unknown
    const changed = [...this.#changed]
    if (!all && changed.length === 0) return
    this.#unknown = false
    this.#changed.clear()
    try {
      const rows = await this.#select(all ? undefined : inArray(runs.id, changed))
      const workloads = await this.#workloadsOf(rows, all)
      if (all) {
        this.#lines = new Map()
        this.#runs = new Map()
        this.#workloads = workloads
      }
      for (const id of changed) this.#remove(id)
      for (const row of rows) this.#insert(row, workloads.get(keyOf(row))!, all)
      if (all) for (const line of this.#lines.values()) line.runs.sort(inOrder)
    } catch (error) {
      this.#unknown = true
      throw error
    }
  }

  /**
   * The waiting runs, or those of them that `which` names. Runs with all but their moments in common come as one row: 10,000 rows of
   * their own take five times as long, nearly all of it for sending and decoding them.
   */
  async #select(which: SQL | undefined): Promise<Row[]> {
    const { deviceUuid, keyId, priority, workload, timeoutMs } = runs
    const groups = await this.#db
      .select({
        ...{ deviceUuid, keyId, priority, workload, timeoutMs },
        ids: sql<string>`string_agg(${runs.id}::text, ',')`,
        // Microseconds, as PostgreSQL keeps them.
        queuedAt: sql<string>`string_agg((date_part('epoch', ${runs.queuedAt}) * 1000000)::int8::text, ',')`,
      })
      .from(runs)
      .where(which ? sql`${eq(runs.status, 'queued')} AND ${which}` : eq(runs.status, 'queued'))
      .groupBy(deviceUuid, keyId, priority, workload, timeoutMs)
    return groups.flatMap(({ ids, queuedAt, ...common }) => {
      const moments = queuedAt.split(',')
      return ids.split(',').map((id, i) => ({ ...common, id, queuedAt: Number(moments[i]) / 1000 }))
    })
  }

  /** Reads the workloads of these runs, each unknown one from one run. */
  async #workloadsOf(rows: readonly Row[], anew: boolean): Promise<Map<string, Workload>> {
    const known = anew ? new Map<string, Workload>() : this.#workloads
    const samples = new Map(rows.map((row) => [keyOf(row), row.id]))
    for (const key of known.keys()) samples.delete(key)
    if (samples.size === 0) return known
    const { workload, runtime, backend, macs, settings, timeoutMs, rounds, expectedMs, expectedBasis } = runs
    const found = await this.#db
      .select({ workload, runtime, backend, macs, settings, timeoutMs, rounds, expectedMs, expectedBasis })
      .from(runs)
      .where(inArray(runs.id, [...samples.values()]))
    for (const each of found) known.set(keyOf(each), each)
    return known
  }

  #insert({ id, deviceUuid, keyId, priority, queuedAt }: Row, workload: Workload, unsorted: boolean): void {
    let line = this.#lines.get(deviceUuid)
    if (!line) this.#lines.set(deviceUuid, (line = new Line()))
    const run: WaitingRun = { id, key: keyId ?? NO_KEY, priority, queuedAt, workload }
    this.#runs.set(id, { line, run })
    if (unsorted) line.runs.push(run)
    else line.runs.splice(line.indexOf(run), 0, run)
  }

  #remove(id: string): void {
    const found = this.#runs.get(id)
    if (!found) return
    this.#runs.delete(id)
    found.line.runs.splice(found.line.indexOf(found.run), 1)
  }
}

type Row = Pick<Run, 'id' | 'deviceUuid' | 'keyId' | 'priority' | 'workload' | 'timeoutMs'> & { queuedAt: number }

/** A workload's digest leaves the timeout out. */
const keyOf = ({ workload, timeoutMs }: Pick<Run, 'workload' | 'timeoutMs'>): string => `${workload} ${timeoutMs}`
