import { LRUCache } from 'lru-cache'
import { coverage } from '../../../engine/prediction/model.ts'
import type { Precision, RuntimeName } from '../../../gpu/contract.ts'
import { defaultRuntimeSettings } from '../../../gpu/runtimes/settings.ts'
import type { LearningFrom, MeasuredRun, NewRun, Store } from '../../../store/index.ts'
import { ApiError } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService, StoredArchitecture } from '../architectures/service.ts'
import { readResolution } from '../costs/service.ts'
import type { Choice, DeviceService } from '../devices/service.ts'
import type { LearnTask, Learnt } from './learn.ts'
import type { PredictionAnswer, PredictionQuery } from './schema.ts'

/** With fewer networks measured there is no error worth stating. */
export const leastArchitectures = 5
/** Runs that are learnt from, the latest. */
const mostRuns = 80
/** Devices, runtimes, precisions and threads of which what was learnt is kept; some kilobytes each. */
const mostKept = 32

/** For an estimate, learning is tried again after so long, ms. */
const triedAgainMs = 60_000

/** What was learnt, and what it was learnt from. */
export interface Known {
  latestRunId: string
  learnt: Learnt
  /** Names by digest, for the networks learnt from. */
  names: ReadonlyMap<string, string>
  runs: readonly (Pick<MeasuredRun, 'id' | 'batch' | 'resolution' | 'callMs' | 'finishedAt'> & { digest: string })[]
}

interface Kept {
  latestRunId: string
  known: Promise<Known>
  /** The last that was learnt. */
  ready: Known | null
}

/** What is predicted of a run before it is queued. */
type RunToTime = Pick<
  NewRun,
  'architectureId' | 'deviceUuid' | 'runtime' | 'backend' | 'precision' | 'batch' | 'resolution' | 'sizes' | 'weights' | 'settings'
>

/** What a prediction is for: device, runtime and settings. */
export interface Target {
  choice: Choice
  precision: Precision
  threads: number
}

/** Predicts latencies from the runs of a device. */
export class PredictionService {
  readonly #store: Store
  readonly #pool: EnginePool
  readonly #architectures: ArchitectureService
  readonly #devices: DeviceService
  readonly #kept = new LRUCache<string, Kept>({ max: mostKept })
  readonly #tried = new LRUCache<string, true>({ max: 1000, ttl: triedAgainMs })
  readonly #zoo = new WeakMap<Known, Promise<Record<string, number>>>()

  constructor(services: { store: Store; pool: EnginePool; architectures: ArchitectureService; devices: DeviceService }) {
    this.#store = services.store
    this.#pool = services.pool
    this.#architectures = services.architectures
    this.#devices = services.devices
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND; as `of` does. */
  async byId(id: string, query: PredictionQuery): Promise<PredictionAnswer> {
    return this.of(await this.#architectures.stored(id), query)
  }

  /**
   * @throws ApiError DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE, DEVICE_UNAVAILABLE, UNSUPPORTED_BY_RUNTIME; PREDICTION_NEEDS_RUNS
   *   where too few networks were measured; OVERLOADED; EngineError as `computeCosts` does.
   */
  async of(stored: StoredArchitecture, query: PredictionQuery): Promise<PredictionAnswer> {
    const { batch = 1, resolution } = query
    const size = resolution === undefined ? undefined : readResolution(resolution)
    const target = await this.target(query)
    const { choice, precision, threads } = target
    const { device, support, notes } = choice
    const known = await this.known(target)
    const { learnt, latestRunId } = known
    const { model, errors, factor } = learnt
    const other = await this.#architectures.atSizes(stored, { resolution: size })
    const task = { model, batch, precision, ...(size === undefined || other ? {} : { resolution: size }) }
    const { byKind, macs, ownTypes } = await this.#pool.predict(other ?? stored, task)
    const latencyMs = byKind.reduce((sum, { ms }) => sum + ms, 0)
    const unseen = byKind.filter(({ kind }) => !model.kinds.includes(kind)).map(({ kind }) => kind)
    const outside = macs < learnt.macs.least || macs > learnt.macs.most
    const measured = measuredOf(known, stored.digest, batch, size ?? null)
    return {
      architectureId: stored.id,
      device: device.name,
      deviceUuid: device.uuid,
      runtime: support.runtime,
      backend: support.backend,
      ...{ batch, resolution: resolution ?? null, precision, threads, latencyMs },
      interval: { lowMs: latencyMs / factor, highMs: latencyMs * factor, coverage },
      error: errorOf(known),
      learntFrom: { architectures: errors.architectures, runs: learnt.calls, profiled: learnt.profiled, latestRunId, way: learnt.way },
      byKind: byKind
        .map((each) => ({ ...each, share: latencyMs > 0 ? each.ms / latencyMs : 0, seen: model.kinds.includes(each.kind) }))
        .sort((a, b) => b.ms - a.ms),
      notes: [
        ...notes,
        ...(ownTypes
          ? [`the file multiplies in types of its own, in which ONNX Runtime runs it, and this is predicted for ${precision}`]
          : []),
        ...(unseen.length > 0 ? [`no measured network has layers of the kind ${unseen.join(', ')}: the rate of all kinds stands in`] : []),
        ...(outside
          ? [
              `its ${Math.round(macs)} million multiply-adds are outside the ${Math.round(learnt.macs.least)} to ${Math.round(learnt.macs.most)} million of the calls measured: the error does not hold there`,
            ]
          : []),
      ],
      measured: measured ? { runId: measured.id, latencyMs: measured.callMs, finishedAt: measured.finishedAt.toISOString() } : null,
    }
  }

  /**
   * Latencies of every preset of the zoo for one image, by its name, and what was learnt. Worked out once after each run.
   * @throws as `known` does.
   */
  async ofZoo(target: Target): Promise<{ known: Known; latencies: Readonly<Record<string, number>> }> {
    const known = await this.known(target)
    const latencies = this.#zoo.get(known) ?? this.#pool.predictZoo({ model: known.learnt.model, precision: target.precision })
    this.#zoo.set(known, latencies)
    latencies.catch(() => this.#zoo.delete(known))
    return { known, latencies: await latencies }
  }

  /** The target of a query. @throws as `DeviceService.choose` does; UNSUPPORTED_BY_RUNTIME. */
  async target({ device, runtime, precision = 'float32', threads = 0 }: PredictionQuery): Promise<Target> {
    const choice = await this.#devices.choose({ device, runtime: runtime as RuntimeName | undefined })
    const { precisions } = choice.support.capabilities
    if (!precisions.includes(precision)) {
      const message = `precision ${precision} is not offered: use ${precisions.join(' or ')}`
      throw new ApiError('UNSUPPORTED_BY_RUNTIME', `${choice.support.runtime} on ${choice.device.name}: ${message}`, [
        { path: '/precision', message },
      ])
    }
    return { choice, precision, threads }
  }

  /** What is known of a target; learnt anew where a run has ended since. @throws ApiError PREDICTION_NEEDS_RUNS, OVERLOADED */
  known(target: Target): Promise<Known> {
    const { choice, precision, threads } = target
    const { runtime, backend } = choice.support
    const from = { deviceUuid: choice.device.uuid, runtime, backend, precision, settings: settingsOf(threads) }
    return this.#known(from, (measured) => tooFew(target, measured))
  }

  /**
   * Predicted latency of a call of a run that is about to be queued, ms, from what was learnt of its device by now; null where
   * that is nothing, or the run has settings, sizes or types that no prediction is made for. What is not known yet is learnt
   * for the next one.
   */
  async callMs(run: RunToTime): Promise<number | null> {
    const { deviceUuid, runtime, backend, precision, batch, resolution, sizes } = run
    if (sizes) return null
    const { threads = 0, ...others } = run.settings as { threads?: number }
    const settings = settingsOf(threads)
    const asTexts = textsOf(others)
    if (Object.entries(settings).some(([name, value]) => name !== 'threads' && (asTexts[name] ?? value) !== value)) return null
    const from = { deviceUuid, runtime, backend, precision, settings }
    const known = this.#kept.get(keyOf(from))?.ready
    if (!known) {
      this.#learnBeside(from)
      return null
    }
    try {
      const [stored] = await this.#store.architectures.getPacked([run.architectureId])
      const task = { model: known.learnt.model, batch, precision: precision as Precision, ...(resolution ? { resolution } : {}) }
      const { byKind, ownTypes } = await this.#pool.predict(stored!, task)
      if (ownTypes && run.weights === 'file' && runtime === 'onnxruntime') return null
      return byKind.reduce((sum, { ms }) => sum + ms, 0)
    } catch {
      // An estimate is no reason to refuse a run.
      return null
    }
  }

  /** Learns where nobody waits for it: once in a while, since it takes a processor for a second. */
  #learnBeside(from: LearningFrom): void {
    const key = keyOf(from)
    if (this.#tried.has(key)) return
    this.#tried.set(key, true)
    void this.#known(from, () => new ApiError('PREDICTION_NEEDS_RUNS', 'too few architectures were measured')).catch(() => {})
  }

  async #known(from: LearningFrom, refusal: (measured: number) => ApiError): Promise<Known> {
    const latestRunId = await this.#store.measuredRuns.latestId(from)
    if (latestRunId === null) throw refusal(0)
    const key = keyOf(from)
    const kept = this.#kept.get(key)
    if (kept?.latestRunId === latestRunId) return kept.known
    const known = this.#learn(from, latestRunId, refusal)
    const entry: Kept = { latestRunId, known, ready: kept?.ready ?? null }
    this.#kept.set(key, entry)
    known.then(
      (ready) => {
        entry.ready = ready
      },
      () => this.#kept.get(key) === entry && this.#kept.delete(key),
    )
    return known
  }

  async #learn(from: LearningFrom, latestRunId: string, refusal: (measured: number) => ApiError): Promise<Known> {
    const runs = await this.#store.measuredRuns.latest(from, mostRuns)
    const rows = await this.#store.architectures.getPacked([...new Set(runs.map(({ architectureId }) => architectureId))])
    const byId = new Map(rows.map((row) => [row.id, row]))
    const networks = new Map<string, LearnTask['networks'][number]>()
    for (const { architectureId, batch, resolution, callMs, profile } of runs) {
      const { digest, packedGraph } = byId.get(architectureId)!
      const network = networks.get(digest) ?? { digest, graph: packedGraph, calls: [] }
      network.calls.push({ batch, resolution, callMs, profile })
      networks.set(digest, network)
    }
    if (networks.size < leastArchitectures) throw refusal(networks.size)
    const learnt = await this.#pool.learn({ precision: from.precision as Precision, networks: [...networks.values()] })
    if (!learnt || learnt.errors.architectures < leastArchitectures) throw refusal(learnt?.errors.architectures ?? 0)
    return {
      latestRunId,
      learnt,
      names: new Map(rows.map(({ digest, name }) => [digest, name])),
      runs: runs.map(({ architectureId, profile: _profile, ...run }) => ({ ...run, digest: byId.get(architectureId)!.digest })),
    }
  }
}

const keyOf = (from: LearningFrom): string => JSON.stringify(from)

/** How far off predictions are for networks that were not measured. */
export const errorOf = ({ learnt: { errors }, names }: Known): PredictionAnswer['error'] => ({
  method: 'leave-one-architecture-out',
  architectures: errors.architectures,
  medianPercent: 100 * errors.median,
  worstPercent: 100 * errors.worst,
  worstArchitecture: names.get(errors.worstArchitecture) ?? errors.worstArchitecture,
})

/** The run of a network among those learnt from, at its own sizes or at a resolution. */
export const measuredOf = ({ runs }: Known, digest: string, batch: number, resolution: readonly [number, number] | null = null) =>
  runs.find((run) => run.digest === digest && run.batch === batch && String(run.resolution) === String(resolution))

/** What the runs to learn from have in common. */
const settingsOf = (threads: number): Record<string, string> => ({
  threads: `${threads}`,
  scenario: 'singleStream',
  ...textsOf(defaultRuntimeSettings),
})

const textsOf = (settings: object): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))

function tooFew({ choice, precision, threads }: Target, measured: number): ApiError {
  const { device, support } = choice
  const missing = leastArchitectures - measured
  const run = {
    architectureId: '…',
    device: device.name,
    runtime: support.runtime,
    ...(precision === 'float32' ? {} : { precision }),
    ...(support.capabilities.perLayer ? { profile: true } : {}),
    ...(threads === 0 ? {} : { settings: { threads } }),
  }
  return new ApiError(
    'PREDICTION_NEEDS_RUNS',
    `${measured} architecture${measured === 1 ? ' has' : 's have'} been measured on ${device.name} under ${support.runtime} in ${precision} with ${threads === 0 ? 'the default' : threads} threads, and a prediction needs ${leastArchitectures}: queue runs of ${missing} more, such as ${JSON.stringify(run)}`,
  )
}
