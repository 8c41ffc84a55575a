/** Questions about many runs at once: a device's queue, how long such runs took before. */
import { createHash } from 'node:crypto'
import type { Database } from './database.ts'
import { and, asc, desc, eq, inArray, or, rowsOf, type SQL, sql } from './drizzle.ts'
import { type Run, type RunSizes, runs } from './schema.ts'

export interface NewRun {
  architectureId: string
  device: string
  deviceUuid: string
  host: string
  runtime: string
  backend: string
  batch: number
  precision: string
  resolution: readonly [number, number] | null
  /** Of dims that the file leaves open; those at registration where left out. */
  sizes?: RunSizes | null
  /** Seeded where not given. */
  weights?: 'seeded' | 'file'
  profile: boolean
  timeoutMs: number
  priority: number
  labels: Record<string, string>
  settings: object
  /** Side b of a comparison, without its architecture. */
  against?: object | null
  againstArchitectureId?: string | null
  rounds?: number | null
  macs?: number | null
  expectedMs?: number | null
  expectedBasis?: string | null
  measurement?: string | null
  /** The key that queues it; null without one. */
  keyId?: string | null
  /** W3C Trace Context of the request that queues it. */
  traceparent?: string | null
}

/** One device's queue: `waiting` in the order they will run, at most as many as asked for; `waitingCount` counts all. */
export interface DeviceQueue {
  running: Run | null
  waiting: Run[]
  waitingCount: number
}

/** A run as a point of a curve: its parameters and its result. */
export type RunPoint = Pick<
  Run,
  | 'id'
  | 'architectureId'
  | 'device'
  | 'deviceUuid'
  | 'host'
  | 'runtime'
  | 'backend'
  | 'batch'
  | 'precision'
  | 'resolution'
  | 'sizes'
  | 'weights'
> &
  Pick<Run, 'settings' | 'labels' | 'status'> & {
    /** Median of a call; null until it is known. */
    latencyMs: number | null
    throughputPerSecond: number | null
    verdict: string | null
  }

export interface Depth {
  device: string
  deviceUuid: string
  host: string
  waiting: number
  running: number
}

/** The order in which waiting runs are taken. */
export const QUEUE_ORDER = [desc(runs.priority), asc(runs.queuedAt), asc(runs.id)]

/** The parts of a request that determine how long its run takes. */
export function workloadOf(run: NewRun): string {
  const settings = Object.entries(run.settings)
    .filter(([key]) => key !== 'seed')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const parts: unknown[] = [run.architectureId, run.runtime, run.backend, run.batch, run.precision, run.resolution, run.profile, settings]
  // To the runtime, the user's own file is a different graph.
  if (run.weights === 'file') parts.push(run.weights)
  if (run.sizes) parts.push(run.sizes)
  if (run.against) parts.push(run.againstArchitectureId, run.against, run.rounds)
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

const waitsOn = (deviceUuid: string): SQL => and(eq(runs.deviceUuid, deviceUuid), eq(runs.status, 'queued'))!

/** How many of a device's latest runs are considered: machines change. */
const HISTORY = 100

/** A succeeded run, reduced to what predicts the duration of another. Times in ms. */
export interface PastRun {
  workload: string
  runtime: string
  backend: string
  macs: number | null
  /** From its start to its end. */
  ms: number
  /** Median of a call; null where it has none. */
  callMs: number | null
  /** Warm-up and timed calls; null for a comparison. */
  timedMs: number | null
  expectedMs: number | null
  expectedBasis: string | null
}

/** A run in progress and how far it is. Times in ms, by the database's clock. */
export interface RunningRun extends Run {
  /** Since its start. */
  elapsedMs: number
  /** Whether its service renewed the lease in time. */
  leased: boolean
  /** Of a comparison: blocks that are over, and when the last of them was; null for any other run. */
  blocks: { done: number; ms: number } | null
}

/** Number of latest runs considered for repeatability, since machines change. */
const LATEST = 500

/** Queries over many runs. `Runs` adds queries of one run, and all changes. */
export class RunQueries {
  protected readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  /** What runs on these devices. */
  async running(deviceUuids: readonly string[]): Promise<RunningRun[]> {
    const { id, startedAt, rounds, leaseUntil } = runs
    const begun = sql`(SELECT max(seq) FROM run_events WHERE run_id = ${id} AND type = 'started')`
    const blocks = sql<RunningRun['blocks']>`CASE WHEN ${rounds} IS NOT NULL THEN (
      SELECT json_build_object('done', count(*)::int, 'ms', coalesce(extract(epoch FROM max(at) - ${startedAt}) * 1000, 0)::float8)
      FROM run_events WHERE run_id = ${id} AND type = 'progress' AND seq > ${begun}) END`
    const rows = await this.db
      .select({
        run: runs,
        elapsedMs: sql<number>`(extract(epoch FROM now() - ${startedAt}) * 1000)::float8`,
        leased: sql<boolean>`${leaseUntil} > now()`,
        blocks,
      })
      .from(runs)
      .where(and(inArray(runs.deviceUuid, [...deviceUuids]), eq(runs.status, 'running')))
    return rows.map(({ run, ...rest }) => ({ ...run, ...rest }))
  }

  /** What curves are drawn from: these runs, without their documents. */
  async points(ids: readonly string[]): Promise<RunPoint[]> {
    const {
      id,
      architectureId,
      device,
      deviceUuid,
      host,
      runtime,
      backend,
      batch,
      precision,
      resolution,
      sizes,
      weights,
      settings,
      labels,
      status,
    } = runs
    const side = {
      architectureId,
      device,
      deviceUuid,
      host,
      runtime,
      backend,
      batch,
      precision,
      resolution,
      sizes,
      weights,
      settings,
      labels,
    }
    return this.db
      .select({
        ...{ id, ...side, status },
        latencyMs: sql<number | null>`(${runs.result} #>> '{latencyMs,p50}')::float8`,
        throughputPerSecond: sql<number | null>`(${runs.result} ->> 'throughputPerSecond')::float8`,
        verdict: sql<string | null>`${runs.certificate} ->> 'verdict'`,
      })
      .from(runs)
      .where(inArray(runs.id, [...ids]))
  }

  /** The device's queue, `limit` of its waiting runs. */
  async runningAndWaiting(deviceUuid: string, limit = 100): Promise<DeviceQueue> {
    // One statement, so that a run between the two states is seen in exactly one.
    const rows = await this.db
      .select()
      .from(runs)
      .where(or(and(eq(runs.deviceUuid, deviceUuid), eq(runs.status, 'running')), waitsOn(deviceUuid)))
      .orderBy(sql`${runs.status} = 'running' DESC`, ...QUEUE_ORDER)
      .limit(limit + 1)
    const running = rows[0]?.status === 'running' ? rows[0] : null
    const waiting = rows.slice(running ? 1 : 0).slice(0, limit)
    const waitingCount = waiting.length < limit ? waiting.length : await this.db.$count(runs, waitsOn(deviceUuid))
    return { running, waiting, waitingCount }
  }

  /** Waiting and running runs a device, for every device that has any. */
  async depths(): Promise<Depth[]> {
    const rows = await rowsOf<Depth>(
      this.db,
      sql`
      SELECT device, device_uuid AS "deviceUuid", host,
        count(*) FILTER (WHERE status = 'queued')::int AS waiting, count(*) FILTER (WHERE status = 'running')::int AS running
      FROM runs WHERE status IN ('queued', 'running') GROUP BY device, device_uuid, host ORDER BY device, device_uuid`,
    )
    return rows
  }

  /** The device's latest succeeded runs, latest first, from which the duration of others is estimated. */
  async history(deviceUuid: string): Promise<PastRun[]> {
    const rows = await rowsOf<PastRun>(
      this.db,
      sql`
      SELECT workload, runtime, backend, macs::float8 AS macs, (extract(epoch FROM finished_at - started_at) * 1000)::float8 AS ms,
        (result #>> '{latencyMs,p50}')::float8 AS "callMs",
        (result #>> '{warmup,durationMs}')::float8 + (result ->> 'samples')::float8
          * coalesce((result ->> 'callsPerSample')::float8, 1) * (result #>> '{latencyMs,mean}')::float8 AS "timedMs",
        expected_ms AS "expectedMs", expected_basis AS "expectedBasis"
      FROM runs WHERE device_uuid = ${deviceUuid} AND status = 'succeeded' AND finished_at >= started_at ORDER BY finished_at DESC LIMIT ${HISTORY}`,
    )
    return rows
  }

  /** The latest succeeded and valid run of this measurement, or null. */
  async measured(measurement: string): Promise<Run | null> {
    const [run] = await this.db
      .select()
      .from(runs)
      .where(and(eq(runs.measurement, measurement), eq(runs.status, 'succeeded'), sql`${runs.certificate} ->> 'verdict' = 'valid'`))
      .orderBy(desc(runs.finishedAt))
      .limit(1)
    return run ?? null
  }

  /**
   * Medians in ms of the latest runs of this measurement, at most `limit`, whose certificates have no reason except,
   * perhaps, that they differ from earlier runs.
   */
  async mediansOf(measurement: string, reason: string, limit: number): Promise<number[]> {
    const rows = await rowsOf<{ median: number }>(
      this.db,
      sql`
      SELECT (result #>> '{latencyMs,p50}')::float8 AS median FROM runs
      WHERE measurement = ${measurement} AND status = 'succeeded' AND result #>> '{latencyMs,p50}' IS NOT NULL
        AND (certificate ->> 'verdict' = 'valid' OR (certificate ->> 'verdict' = 'suspect'
          AND json_array_length(certificate -> 'reasons') = 1 AND certificate #>> '{reasons,0,code}' = ${reason}))
      ORDER BY finished_at DESC LIMIT ${limit}`,
    )
    return rows.map(({ median }) => median)
  }

  /** Medians of the latest runs on the device that were made more than once, by workload, per image in ms. */
  async repeatedMedians(deviceUuid: string): Promise<Map<string, number[]>> {
    const rows = await rowsOf<{ workload: string; median: number }>(
      this.db,
      sql`
      SELECT workload, (result #>> '{latencyMs,p50}')::float8 / batch AS median FROM (
        SELECT workload, result, batch FROM runs
        WHERE device_uuid = ${deviceUuid} AND status = 'succeeded' AND result #>> '{latencyMs,p50}' IS NOT NULL
        ORDER BY finished_at DESC LIMIT ${LATEST}
      ) AS latest`,
    )
    const groups = new Map<string, number[]>()
    for (const { workload, median } of rows) groups.set(workload, [...(groups.get(workload) ?? []), median])
    return new Map([...groups].filter(([, medians]) => medians.length > 1))
  }
}
