import { schemaProblems } from '../../../engine/schema-problems.ts'
import type { RunQueue } from '../../../gpu/queue/index.ts'
import { type CurvePoint, kneeOf } from '../../../gpu/timing/knee.ts'
import type { Store, Sweep } from '../../../store/index.ts'
import { canonicalHash } from '../../canonical.ts'
import { ApiError, invalidRequest, type Problem } from '../../errors.ts'
import { type ReadRun, type RunAdmission, readRun } from '../runs/admission.ts'
import type { RunAnswer } from '../runs/schema.ts'
import type { RunService } from '../runs/service.ts'
import { NewSweep, type SweepAnswer, type SweepQuery } from './schema.ts'

const notFound = (id: string) => new ApiError('SWEEP_NOT_FOUND', `no sweep ${id.slice(0, 60)}: GET /v1/sweeps lists those there are`)
const waits = ({ status }: RunAnswer): boolean => status === 'queued' || status === 'running'

/** One network at several batches: a run each, read back as a curve. */
export class SweepService {
  readonly #store: Store
  readonly #queue: RunQueue
  readonly #admission: RunAdmission
  readonly #runs: RunService

  constructor({ store, queue, admission, runs }: { store: Store; queue: RunQueue; admission: RunAdmission; runs: RunService }) {
    this.#store = store
    this.#queue = queue
    this.#admission = admission
    this.#runs = runs
  }

  /**
   * Queues a run for each batch, all or none; those measured before are taken as they are, unless `fresh` is asked for.
   * @throws as `RunService.create` does.
   */
  async create(request: NewSweep, idempotencyKey?: string): Promise<{ sweep: SweepAnswer; created: boolean }> {
    const problems = schemaProblems(NewSweep, request)
    if (problems.length > 0) throw invalidRequest('body', problems)
    const { batches: given, ...shared } = request
    const batches = given.toSorted((a, b) => a - b)
    const read = batches.map((batch) => readRun({ ...shared, batch }))
    const requestHash = canonicalHash({ batches, of: { ...read[0]!, a: { ...read[0]!.a, batch: 0 } } })
    if (idempotencyKey !== undefined) {
      const before = await this.#store.sweeps.ofRequest(idempotencyKey, requestHash)
      if (before) return { sweep: await this.#present(before), created: false }
    }
    const runs = []
    for (const each of read) runs.push(await this.#plan(each))
    const { sweep, created } = await this.#store.sweeps.insert({ ...shared, batches }, runs, { idempotencyKey, requestHash })
    return { sweep: await this.#present(sweep), created }
  }

  async #plan(read: ReadRun) {
    try {
      const planned = await this.#admission.plan(read)
      const before = read.fresh ? null : await this.#store.runs.measured(planned.measurement)
      return before ? { id: before.id } : { insert: await this.#queue.expecting(planned) }
    } catch (cause) {
      // What is wrong with one batch alone is said of that batch.
      if (cause instanceof ApiError || !(cause instanceof Error)) throw cause
      const errors = (cause as { errors?: readonly Problem[] }).errors ?? []
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
  async list(query: SweepQuery): Promise<{ items: SweepAnswer[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.#store.sweeps.list(query)
    return { items: await Promise.all(items.map((sweep) => this.#present(sweep))), nextCursor }
  }

  /**
   * Cancels those of its runs that have not ended: a waiting one at once, a running one soon.
   * @throws ApiError SWEEP_NOT_FOUND, SWEEP_FINISHED
   */
  async cancel(id: string): Promise<SweepAnswer> {
    const { points } = await this.get(id)
    const open = points.filter(({ status }) => status === 'queued' || status === 'running')
    if (open.length === 0) throw new ApiError('SWEEP_FINISHED', `sweep ${id}: every run has ended, so there is nothing to cancel`)
    for (const { runId } of open) await this.#queue.cancel(runId)
    return this.get(id)
  }

  async #present({ id, runIds, createdAt }: Sweep): Promise<SweepAnswer> {
    const runs = (await this.#runs.getEach(runIds)).filter((run): run is RunAnswer => !(run instanceof ApiError))
    const points = runs.map((run) => {
      const p50 = run.result?.latencyMs.p50 ?? null
      return {
        batch: run.batch,
        runId: run.id,
        status: run.status,
        latencyMs: p50,
        msPerImage: p50 === null ? null : p50 / run.batch,
        throughputPerSecond: run.result?.throughputPerSecond ?? null,
        verdict: run.certificate?.verdict ?? null,
      }
    })
    const { architectureId, device, deviceUuid, host, runtime, backend, precision, resolution, weights, settings, labels } = runs[0]!
    return {
      id,
      ...{ architectureId, device, deviceUuid, host, runtime, backend, precision, resolution, weights, settings, labels },
      createdAt: createdAt.toISOString(),
      status: runs.every((run) => run.status === 'queued') ? 'queued' : runs.some(waits) ? 'running' : 'finished',
      points,
      knee: kneePoint(points),
      links: { self: `/v1/sweeps/${id}`, architecture: `/v1/architectures/${architectureId}` },
    }
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
