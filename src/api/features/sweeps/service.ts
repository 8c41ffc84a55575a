import { schemaViolations } from '../../../engine/schema-violations.ts'
import type { RunQueue } from '../../../gpu/queue/index.ts'
import { currentTraceparent } from '../../../gpu/run-trace.ts'
import { type CurvePoint, kneeOf } from '../../../gpu/timing/knee.ts'
import type { AuditLine, RunPoint, Store, Sweep } from '../../../store/index.ts'
import { canonicalHash } from '../../canonical.ts'
import { ApiError, invalidRequest, type Violation } from '../../errors.ts'
import type { Listed } from '../../schemas.ts'
import type { ArchitectureNames } from '../architectures/names.ts'
import type { PredictionService } from '../prediction/service.ts'
import { type ReadRun, type RunAdmission, readRun, requirePriority } from '../runs/admission.ts'
import { presentSizes } from '../runs/present-run.ts'
import { measuredBefore } from '../runs/service.ts'
import { type ShownPoint, shownPoint } from '../runs/stored-run.ts'
import { NewSweep, type SweepAnswer, type SweepQuery } from './schema.ts'

const notFound = (id: string) => new ApiError('SWEEP_NOT_FOUND', `no sweep ${id.slice(0, 60)}`)

export interface SweepServiceOptions {
  store: Store
  queue: RunQueue
  admission: RunAdmission
  names: ArchitectureNames
  prediction: PredictionService
}

/** One network at several batches: a run each, read back as a curve. */
export class SweepService {
  readonly #store: Store
  readonly #queue: RunQueue
  readonly #admission: RunAdmission
  readonly #names: ArchitectureNames
  readonly #prediction: PredictionService

  constructor({ store, queue, admission, names, prediction }: SweepServiceOptions) {
    this.#prediction = prediction
    this.#store = store
    this.#queue = queue
    this.#admission = admission
    this.#names = names
  }

  /**
   * Queues a run for each batch, all or none; those measured before are reused, unless `fresh` is true.
   * @throws as `RunService.create` does.
   */
  async create(
    request: NewSweep,
    line: AuditLine,
    idempotencyKey?: string,
  ): Promise<{ sweep: SweepAnswer; created: boolean; notes: string[] }> {
    const violations = schemaViolations(NewSweep, request)
    if (violations.length > 0) throw invalidRequest('request', violations)
    const { batches: given, ...shared } = request
    const batches = given.toSorted((a, b) => a - b)
    const read = batches.map((batch) => readRun({ ...shared, batch }))
    requirePriority(read[0]!.priority, line.role)
    const requestHash = canonicalHash({ batches, of: { ...read[0]!, a: { ...read[0]!.a, batch: 0 } } })
    if (idempotencyKey !== undefined) {
      const before = await this.#store.sweeps.ofRequest(idempotencyKey, requestHash)
      if (before) return { sweep: await this.#present(before), created: false, notes: ['this idempotency key created the sweep before'] }
    }
    const runs = []
    const notes = new Set<string>()
    for (const each of read) runs.push(await this.#plan(each, line.keyId, notes))
    await this.#store.disk.require()
    const { sweep, created, queued } = await this.#store.sweeps.insert({ ...shared, batches }, runs, { idempotencyKey, requestHash, line })
    this.#queue.announce(queued)
    return { sweep: await this.#present(sweep), created, notes: [...notes] }
  }

  /** @param notes where what was chosen is added, the same for every batch. */
  async #plan(read: ReadRun, keyId: string | null, notes: Set<string>) {
    try {
      const { run, notes: chosen } = await this.#admission.plan(read)
      for (const note of chosen) notes.add(note)
      const before = read.fresh ? null : await this.#store.runs.measured(run.measurement)
      if (before) notes.add(`batch ${run.batch}: ${measuredBefore}`)
      return before
        ? { id: before.id }
        : { insert: await this.#queue.expecting({ ...run, keyId, traceparent: currentTraceparent() }, () => this.#prediction.callMs(run)) }
    } catch (cause) {
      // A violation with only one batch names that batch.
      if (cause instanceof ApiError || !(cause instanceof Error)) throw cause
      const errors = (cause as { errors?: readonly Violation[] }).errors ?? []
      throw Object.assign(cause, { message: `at batch ${read.a.batch}: ${cause.message}`, errors })
    }
  }

  /** @throws ApiError SWEEP_NOT_FOUND */
  async get(id: string): Promise<SweepAnswer> {
    const sweep = await this.#store.sweeps.get(id)
    if (!sweep) throw notFound(id)
    return this.#present(sweep)
  }

  /** Newest first. @throws StoreError INVALID_CURSOR */
  async list({ total, ...query }: SweepQuery): Promise<Listed<SweepAnswer>> {
    const { items, ...page } = await this.#store.sweeps.list(query)
    return { items: await this.#presentAll(items), ...page, ...(total ? { total: await this.count() } : {}) }
  }

  async count(): Promise<number> {
    return this.#store.sweeps.count()
  }

  /**
   * Cancels those of its runs that have not ended: a waiting one at once, a running one soon.
   * @throws ApiError SWEEP_NOT_FOUND, SWEEP_FINISHED
   */
  async cancel(id: string, line: AuditLine): Promise<SweepAnswer> {
    const { points } = await this.get(id)
    const open = points.filter(waits)
    if (open.length === 0) throw new ApiError('SWEEP_FINISHED', `sweep ${id}: every run has ended, so there is nothing to cancel`)
    // The line is written with the first change, so that no end of the process leaves changes without one.
    for (const { runId } of open) await this.#queue.cancel(runId, line.written ? undefined : line, id)
    return this.get(id)
  }

  async #present(sweep: Sweep): Promise<SweepAnswer> {
    return (await this.#presentAll([sweep]))[0]!
  }

  #presentAll(sweeps: readonly Sweep[]): Promise<SweepAnswer[]> {
    return presentSweeps(sweeps, this.#store.runs, this.#names)
  }
}

/** Sweeps as they are shown; the runs of all of them in one query. */
export async function presentSweeps(
  sweeps: readonly Sweep[],
  runs: Pick<Store['runs'], 'points'>,
  names: ArchitectureNames,
): Promise<SweepAnswer[]> {
  const points = await runs.points(sweeps.flatMap(({ runIds }) => runIds))
  const byId = new Map(points.map((point) => [point.id, point]))
  const nameOf = await names.of(points.map(({ architectureId }) => architectureId))
  return sweeps.map((sweep) =>
    present(
      sweep,
      sweep.runIds.map((id) => shownPoint(byId.get(id)!)),
      nameOf,
    ),
  )
}

const waits = ({ status }: Pick<RunPoint, 'status'>): boolean => status === 'queued' || status === 'running'

function present({ id, createdAt }: Sweep, runs: readonly ShownPoint[], nameOf: (id: string) => string): SweepAnswer {
  const points = runs.map(({ id: runId, batch, status, latencyMs, throughputPerSecond, verdict }) => ({
    ...{ batch, runId, status, latencyMs, throughputPerSecond, verdict },
    msPerImage: latencyMs === null ? null : latencyMs / batch,
  }))
  const { architectureId, device, deviceUuid, host, runtime, backend, precision, resolution, sizes, weights, settings, labels } = runs[0]!
  return {
    id,
    ...{ architectureId, architectureName: nameOf(architectureId), device, deviceUuid, host, weights, labels },
    ...{ runtime, backend, precision, settings },
    resolution: resolution ? resolution.join('x') : null,
    sizes: presentSizes(sizes),
    createdAt: createdAt.toISOString(),
    status: runs.every((run) => run.status === 'queued') ? 'queued' : runs.some(waits) ? 'running' : 'finished',
    points,
    knee: kneePoint(points),
    links: { self: `/v1/sweeps/${id}`, architecture: `/v1/architectures/${architectureId}` },
  }
}

function kneePoint(points: SweepAnswer['points']): SweepAnswer['knee'] {
  const known = points.filter(
    (point): point is (typeof points)[number] & CurvePoint => point.latencyMs !== null && point.throughputPerSecond !== null,
  )
  const at = kneeOf(known)
  if (at === null) return null
  const { batch, latencyMs, throughputPerSecond } = known[at]!
  return { batch, latencyMs, throughputPerSecond }
}
