/** The runs that latencies are predicted from. */
import type { Database } from './database.ts'
import { and, eq, rowsOf, type SQL, sql } from './drizzle.ts'
import { runs } from './schema.ts'

/** What a model of latency may learn from: runs of one device that differ in network, batch and resolution alone. */
export interface LearningFrom {
  deviceUuid: string
  runtime: string
  backend: string
  precision: string
  /** Settings that must have these values, as text; where a run does not name one, it has the value. */
  settings: Readonly<Record<string, string>>
}

/** A succeeded run as a model of latency reads it. Times in ms of one call with the whole batch. */
export interface MeasuredRun {
  id: string
  architectureId: string
  batch: number
  resolution: [number, number] | null
  /** The median, or the mean where there are too few samples for one. */
  callMs: number
  profile: { perLayer: { layerIds: string[]; ms: number }[]; unattributedMs: number } | null
  finishedAt: Date
}

const learnable = ({ deviceUuid, runtime, backend, precision, settings }: LearningFrom): SQL =>
  and(
    eq(runs.deviceUuid, deviceUuid),
    eq(runs.status, 'succeeded'),
    eq(runs.runtime, runtime),
    eq(runs.backend, backend),
    eq(runs.precision, precision),
    sql`${runs.against} IS NULL`,
    // Its network is kept at the sizes of its registration alone.
    sql`${runs.sizes} IS NULL`,
    // A file that multiplies in types of its own, such as int8, says nothing of multiply-adds in the run's precision.
    sql`(coalesce(${runs.result} #>> '{costs,dtype}', '') <> 'file'
      OR (${runs.result} #>> '{costs,macsByPrecision,float32}')::float8 = (${runs.result} #>> '{costs,macs}')::float8)`,
    sql`${runs.certificate} ->> 'verdict' IS DISTINCT FROM 'invalid'`,
    sql`(${runs.result} #>> '{latencyMs,mean}')::float8 > 0`,
    ...Object.entries(settings).map(([name, value]) => sql`coalesce(${runs.settings} ->> ${name}::text, ${value}::text) = ${value}::text`),
  )!

/**
 * Succeeded runs, as a model of latency learns from them. Comparisons are left out, and runs of a file at other sizes than it was
 * registered at, or that multiplies in types of its own.
 */
export class MeasuredRuns {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** The latest of the runs that `latest` reads, by its id; null where there is none. */
  async latestId(from: LearningFrom): Promise<string | null> {
    const rows = await rowsOf<{ id: string }>(
      this.#db,
      sql`SELECT id FROM runs WHERE ${learnable(from)} ORDER BY finished_at DESC, id DESC LIMIT 1`,
    )
    return rows[0]?.id ?? null
  }

  /**
   * The latest succeeded run of a network at this batch and its own sizes, in float32, that has a profile with ceilings and is not known
   * to be wrong, by its id; null where there is none.
   */
  async latestProfiledId(architectureId: string, batch: number): Promise<string | null> {
    const rows = await rowsOf<{ id: string }>(
      this.#db,
      sql`SELECT id FROM runs WHERE ${and(
        eq(runs.architectureId, architectureId),
        eq(runs.status, 'succeeded'),
        eq(runs.batch, batch),
        eq(runs.precision, 'float32'),
        sql`${runs.against} IS NULL`,
        sql`${runs.sizes} IS NULL`,
        sql`${runs.resolution} IS NULL`,
        sql`(${runs.result} #> '{profile,ceilings}') IS NOT NULL`,
        sql`${runs.certificate} ->> 'verdict' IS DISTINCT FROM 'invalid'`,
      )!} ORDER BY finished_at DESC, id DESC LIMIT 1`,
    )
    return rows[0]?.id ?? null
  }

  /**
   * The latest succeeded runs of which none is known to be wrong, one for each network, batch and resolution, those with a
   * profile first.
   */
  async latest(from: LearningFrom, limit: number): Promise<MeasuredRun[]> {
    const rows = await rowsOf<Omit<MeasuredRun, 'finishedAt'> & { finishedAt: string | Date }>(
      this.#db,
      sql`
      SELECT id, architecture_id AS "architectureId", batch, resolution, finished_at AS "finishedAt",
        coalesce((result #>> '{latencyMs,p50}')::float8, (result #>> '{latencyMs,mean}')::float8) AS "callMs",
        CASE WHEN (result #> '{profile,perLayer}') IS NOT NULL THEN json_build_object(
          'perLayer', result #> '{profile,perLayer}', 'unattributedMs', coalesce(result #> '{profile,unattributedMs}', '0')) END AS profile
      FROM runs WHERE id IN (
        SELECT id FROM (
          SELECT DISTINCT ON (architecture_id, batch, resolution::text) id, finished_at FROM runs WHERE ${learnable(from)}
          ORDER BY architecture_id, batch, resolution::text, (result #> '{profile,perLayer}') IS NOT NULL DESC, finished_at DESC
        ) AS one ORDER BY finished_at DESC LIMIT ${limit}
      ) ORDER BY finished_at DESC, id DESC`,
    )
    return rows.map((row) => ({ ...row, finishedAt: new Date(row.finishedAt) }))
  }
}
