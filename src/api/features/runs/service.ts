import type { RunQueue } from '../../../gpu/queue/index.ts'
import { currentTraceparent } from '../../../gpu/run-trace.ts'
import { type AuditLine, type Run, type RunFilter, type Samples, type Store, samplesExpired } from '../../../store/index.ts'
import type { Caller } from '../../access/roles.ts'
import { canonicalHash } from '../../canonical.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import { readMoments } from '../../moments.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { Listed } from '../../schemas.ts'
import type { ArchitectureNames } from '../architectures/names.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { type KeyNames, maySeeName } from '../keys/names.ts'
import type { PredictionService } from '../prediction/service.ts'
import { type RunAdmission, readRun, requirePriority } from './admission.ts'
import { compareStored } from './compare.ts'
import type { RunComparison } from './comparison-schema.ts'
import { histogramOf, histogramOfSummary, type SampleSummary, thin } from './distribution.ts'
import type { HistogramAnswer, HistogramQuery, ThinnedAnswer } from './distribution-schema.ts'
import type { RunEventAnswer } from './event-schema.ts'
import { presentEvents, presentRun, type RunNames } from './present-run.ts'
import { layerProfile, type Profiled, requireProfile } from './profile.ts'
import type { LayerProfileAnswer } from './profile-schema.ts'
import type { NewRun } from './request-schema.ts'
import type { CancelledRuns, RunAnswer, RunFilterQuery, RunQuery } from './schema.ts'

const notFound = (id: string) => new ApiError('RUN_NOT_FOUND', `no run ${id.slice(0, 60)}`)

export interface RunServiceOptions {
  store: Store
  queue: RunQueue
  admission: RunAdmission
  architectures: ArchitectureService
  pool: EnginePool
  names: ArchitectureNames
  keyNames: KeyNames
  prediction: PredictionService
}

/** The answer to a request for a run. */
export interface CreatedRun {
  run: RunAnswer
  /** False where it already existed. */
  created: boolean
  /** Sentences that say what the service chose, and why an existing run was returned. */
  notes: string[]
}

export const measuredBefore = 'measured before, with a valid certificate: ask for "fresh" to measure again'

/** Queues, watches and reads timed inference runs. */
export class RunService {
  readonly #store: Store
  readonly #queue: RunQueue
  readonly #admission: RunAdmission
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  readonly #names: ArchitectureNames
  readonly #keyNames: KeyNames
  readonly #prediction: PredictionService

  constructor({ store, queue, admission, architectures, pool, names, keyNames, prediction }: RunServiceOptions) {
    this.#prediction = prediction
    this.#store = store
    this.#queue = queue
    this.#admission = admission
    this.#architectures = architectures
    this.#pool = pool
    this.#names = names
    this.#keyNames = keyNames
  }

  /**
   * Queues a run. With a key that was used before for the same request, returns the run created then with `created: false`,
   * even if its device has gone since. Unless `fresh` is true, also returns an earlier run with a valid certificate of the
   * same measurement: same content, settings, device, driver, runtime and version.
   * @param line of the audit log, which says who asks.
   * @throws ApiError INVALID_REQUEST, ARCHITECTURE_NOT_FOUND, DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE, DEVICE_UNAVAILABLE,
   *   UNSUPPORTED_BY_RUNTIME; EngineError INVALID_BATCH, INVALID_RESOLUTION, COST_OVERFLOW; StoreError IDEMPOTENCY_CONFLICT, INVALID_TEXT.
   */
  async create(request: NewRun, line: AuditLine, idempotencyKey?: string): Promise<CreatedRun> {
    const read = readRun(request)
    requirePriority(read.priority, line.role)
    // Of the request with its defaults written out, so that sending a default and leaving it out are the same request.
    const requestHash = canonicalHash(read)
    if (idempotencyKey !== undefined) {
      const before = await this.#store.runs.ofRequest(idempotencyKey, requestHash)
      if (before) return { run: await this.#present(before), created: false, notes: ['this idempotency key created the run before'] }
    }
    const { run: planned, notes } = await this.#admission.plan(read)
    const measured = read.fresh ? null : await this.#store.runs.measured(planned.measurement)
    if (measured) {
      // The key is recorded for this request, although nothing was queued for it.
      const run = idempotencyKey === undefined ? measured : await this.#store.runs.answerRequest(measured, { idempotencyKey, requestHash })
      return { run: await this.#present(run), created: false, notes: [...notes, measuredBefore] }
    }
    await this.#store.disk.require()
    const { run, created, place } = await this.#queue.enqueue(
      { ...planned, keyId: line.keyId, traceparent: currentTraceparent() },
      { idempotencyKey, requestHash, line },
      () => this.#prediction.callMs(planned),
    )
    return { run: presentRun(run, place, await this.#namesOf([run])), created, notes }
  }

  /**
   * Two finished runs, b against a: the ratio of their times per image, and whether a difference is shown.
   * @throws ApiError RUN_NOT_FOUND, NOT_COMPARABLE
   */
  async compare(a: string, b: string): Promise<RunComparison> {
    const [first, second] = await Promise.all([this.#row(a), this.#row(b)])
    return compareStored(this.#store, first, second)
  }

  /** @throws ApiError RUN_NOT_FOUND */
  async get(id: string): Promise<RunAnswer> {
    return this.#present(await this.#row(id))
  }

  // For loaders: in the order of the ids, with an ApiError RUN_NOT_FOUND for one that is not there.
  readonly getEach = async (ids: readonly string[]): Promise<(RunAnswer | ApiError)[]> => {
    const runs = await this.#presentAll(await this.#store.runs.getMany(ids))
    const there = new Map(runs.map((run) => [run.id, run]))
    return ids.map((id) => there.get(id.toLowerCase()) ?? notFound(id))
  }

  /**
   * A page, the newest first where nothing else is asked for.
   * @throws ApiError INVALID_REQUEST; StoreError INVALID_CURSOR, INVALID_TEXT
   */
  async list({ total, digits: _, limit = 50, after, sort, order, ...filter }: RunQuery): Promise<Listed<RunAnswer>> {
    const read = readFilter(filter)
    const { items, ...page } = await this.#store.runs.list({ limit, after, sort, order, ...read })
    const counted = total ? { total: await this.#store.runs.count(read) } : {}
    return { items: await this.#presentAll(items), ...page, ...counted }
  }

  /** How many runs fit. @throws ApiError INVALID_REQUEST; StoreError INVALID_TEXT */
  async count(filter: RunFilterQuery): Promise<number> {
    return this.#store.runs.count(readFilter(filter))
  }

  /**
   * Cancels a queued run at once; asks a running one to end, which its `cancelled` event then tells.
   * @throws ApiError RUN_NOT_FOUND, RUN_FINISHED
   */
  async cancel(id: string, line: AuditLine): Promise<{ run: RunAnswer; effect: 'cancelled' | 'requested' }> {
    const cancellation = await this.#queue.cancel(id, line)
    if (!cancellation) throw notFound(id)
    const { run, effect } = cancellation
    if (effect === 'finished')
      throw new ApiError('RUN_FINISHED', `run ${id} has ended, ${run.status}: only queued and running ones can be cancelled`)
    return { run: await this.#present(run), effect }
  }

  /**
   * Cancels every run that fits: waiting ones at once, those in progress soon.
   * @throws ApiError INVALID_REQUEST where nothing says which; StoreError INVALID_TEXT
   */
  async cancelMany(filter: RunFilterQuery, line: AuditLine): Promise<CancelledRuns> {
    if (Object.values(filter).every((part) => part === undefined))
      throw invalidRequest('request', [
        { path: '', message: 'the filter is empty: say which runs, such as {"status": ["queued"]} for all that wait' },
      ])
    return this.#queue.cancelMany(readFilter(filter), line)
  }

  /**
   * Gives a waiting run another priority, within what the caller's role may ask for, as that which it had must be.
   * @throws ApiError RUN_NOT_FOUND, RUN_NOT_WAITING, FORBIDDEN
   */
  async setPriority(id: string, priority: number, line: AuditLine): Promise<RunAnswer> {
    const before = await this.#row(id)
    requirePriority(priority, line.role)
    requirePriority(before.priority, line.role)
    const run = await this.#queue.setPriority(before.id, priority, line)
    if (run) return this.#present(run)
    const { status } = await this.#row(id)
    throw new ApiError('RUN_NOT_WAITING', `run ${id} is ${status}: only one that waits has a priority to change`)
  }

  /** Its timed samples in order, ms, to be read in parts. @throws ApiError RUN_NOT_FOUND, NO_SAMPLES; StoreError SAMPLES_EXPIRED */
  async samples(id: string): Promise<Samples> {
    const samples = await this.#storedSamples(id)
    if (samples.expired) throw samplesExpired(id, samples.expired.at)
    return samples
  }

  async #storedSamples(id: string): Promise<Samples> {
    const samples = await this.#store.runs.samples(id)
    if (samples) return samples
    const { status } = await this.#row(id)
    const why = status === 'queued' || status === 'running' ? 'they come when it has succeeded' : 'only runs that succeeded have them'
    throw new ApiError('NO_SAMPLES', `run ${id} is ${status} and has no samples: ${why}`)
  }

  /**
   * Its samples by their size, with quantiles; of samples that were dropped the usual bins and quantiles alone.
   * @throws ApiError RUN_NOT_FOUND, NO_SAMPLES, INVALID_REQUEST; StoreError SAMPLES_EXPIRED
   */
  async histogram(id: string, query: HistogramQuery): Promise<HistogramAnswer> {
    const { from, to } = query
    if (from !== undefined && to !== undefined && from >= to)
      throw invalidRequest('query', [{ path: '/to', message: `to is ${to}, but must be above from, which is ${from}` }])
    const found = await this.#storedSamples(id)
    const runId = id.toLowerCase()
    if (!found.expired) return histogramOf(runId, found, query)
    const { at, summary } = found.expired
    const histogram = histogramOfSummary(runId, summary as SampleSummary, at, query)
    if (!histogram) throw samplesExpired(id, at)
    return histogram
  }

  /** At most `points` of its samples, no outlier lost. @throws as `samples` does. */
  async thinned(id: string, points: number): Promise<ThinnedAnswer> {
    return thin(id.toLowerCase(), await this.samples(id), points)
  }

  /**
   * The run when it has ended, or as it is when `signal` is aborted.
   * @throws ApiError RUN_NOT_FOUND
   */
  async ended(id: string, signal: AbortSignal): Promise<RunAnswer> {
    const { id: own, lastSeq } = await this.#row(id)
    // From its latest event on, since only the last one matters.
    for await (const _ of this.#store.events.follow(own, Math.max(0, lastSeq - 1), signal));
    return this.get(own)
  }

  /**
   * The per-layer times of a run joined to what its layers cost: how far each lies from the roofline.
   * @throws ApiError RUN_NOT_FOUND, NO_PROFILE, OVERLOADED; EngineError LIMIT_EXCEEDED.
   */
  async layerProfile(id: string): Promise<LayerProfileAnswer> {
    return this.layerProfileOf(await this.profiled(id))
  }

  /** The two halves of `layerProfile`, for callers that need the size of the network before it is costed. */
  async profiled(id: string): Promise<Profiled> {
    const profiled = await requireProfile(this.#store, await this.#row(id))
    const { run, architecture } = profiled
    const gone = architecture.blob === null
    if (gone && run.sizes)
      throw new ApiError(
        'NO_PROFILE',
        `run ${run.id} had sizes of its own, and the file that its costs follow from went with its architecture`,
      )
    const other = gone ? null : await this.#architectures.atSizes(architecture, { resolution: run.resolution, ...run.sizes })
    return other ? { ...profiled, architecture: other, atSizes: true } : profiled
  }
  layerProfileOf(profiled: Profiled): Promise<LayerProfileAnswer> {
    return layerProfile(this.#pool, profiled)
  }

  /**
   * The events after `afterSeq`, stored ones first, until the run's last, or until `signal` is aborted. Null where the
   * last has been heard. @throws ApiError RUN_NOT_FOUND
   */
  async events(id: string, afterSeq: number, signal: AbortSignal): Promise<AsyncIterable<RunEventAnswer> | null> {
    const runId = id.toLowerCase()
    const outlook = await this.#store.events.outlook(runId, afterSeq)
    if (outlook === 'missing') throw notFound(id)
    return outlook === 'over' ? null : presentEvents(this.#store.events.follow(runId, afterSeq, signal))
  }

  async #row(id: string): Promise<Run> {
    const run = await this.#store.runs.get(id)
    if (!run) throw notFound(id)
    return run
  }

  /** Runs with the names of their keys, as far as the caller may see them. */
  async named<T extends RunAnswer>(caller: Caller, runs: readonly T[]): Promise<T[]> {
    const seen = runs.map(({ key }) => (key && maySeeName(caller, key.id) ? key.id : null))
    const keyOf = await this.#keyNames.of(seen)
    return runs.map((run, i) => (seen[i] === null ? run : { ...run, key: { ...run.key, ...keyOf(seen[i]!) } }))
  }

  /** The name of a key; null for a caller who may not see it. */
  async keyName(caller: Caller, id: string): Promise<string | null> {
    return maySeeName(caller, id) ? (await this.#keyNames.of([id]))(id).name : null
  }

  async #namesOf(rows: readonly Run[]): Promise<RunNames> {
    const [nameOf, keyOf] = await Promise.all([
      this.#names.of(rows.flatMap(({ architectureId, againstArchitectureId }) => [architectureId, againstArchitectureId])),
      this.#keyNames.of(rows.map(({ keyId }) => keyId)),
    ])
    return { nameOf, keyOf }
  }

  async #present(run: Run): Promise<RunAnswer> {
    return (await this.#presentAll([run]))[0]!
  }

  async #presentAll(rows: readonly Run[]): Promise<RunAnswer[]> {
    const places = await this.#queue.places(rows)
    const names = await this.#namesOf(rows)
    return rows.map((run) => presentRun(run, places.get(run.id) ?? null, names))
  }
}

/** @throws ApiError INVALID_REQUEST for a moment that no calendar has. */
function readFilter({ queuedAfter, queuedBefore, finishedAfter, finishedBefore, ...rest }: RunFilterQuery): RunFilter {
  return { ...rest, ...readMoments({ queuedAfter, queuedBefore, finishedAfter, finishedBefore }) }
}
