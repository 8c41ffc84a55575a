import type { AdviceOptions } from '../../../engine/advice/advise.ts'
import type { MeasuredTimes } from '../../../engine/advice/finding.ts'
import type { Store } from '../../../store/index.ts'
import { invalidRequest } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { ArchitectureService, StoredArchitecture } from '../architectures/service.ts'
import { errorOf, type PredictionService } from '../prediction/service.ts'
import type { RunService } from '../runs/service.ts'
import type { AdviceAnswer, AdviceQuery } from './schema.ts'

/** What dominates a network’s cost, and what would be cheaper. */
export class AdviceService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  readonly #store: Pick<Store, 'measuredRuns'>
  readonly #runs: Pick<RunService, 'profiled' | 'layerProfileOf'>
  readonly #prediction: PredictionService

  constructor(services: {
    architectures: ArchitectureService
    pool: EnginePool
    store: Pick<Store, 'measuredRuns'>
    runs: Pick<RunService, 'profiled' | 'layerProfileOf'>
    prediction: PredictionService
  }) {
    this.#architectures = services.architectures
    this.#pool = services.pool
    this.#store = services.store
    this.#runs = services.runs
    this.#prediction = services.prediction
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND; as `of` does. */
  async byId(id: string, query: AdviceQuery): Promise<AdviceAnswer> {
    return this.of(await this.#architectures.stored(id), query)
  }

  /**
   * @throws ApiError INVALID_REQUEST where one ceiling comes without the other, RUN_NOT_FOUND, NO_PROFILE, OVERLOADED; as
   *   `PredictionService.known` does where a device is named; EngineError as `advise` does.
   */
  async of(stored: StoredArchitecture, { gflopsPerSecond, gigabytesPerSecond, ...query }: AdviceQuery): Promise<AdviceAnswer> {
    if ((gflopsPerSecond === undefined) !== (gigabytesPerSecond === undefined)) {
      const missing = gflopsPerSecond === undefined ? 'gflopsPerSecond' : 'gigabytesPerSecond'
      throw invalidRequest('query', [{ path: `/${missing}`, message: `the roofline needs both ceilings: give ${missing} as well` }])
    }
    const ceilings =
      gflopsPerSecond === undefined || gigabytesPerSecond === undefined
        ? null
        : { flopsPerSecond: gflopsPerSecond * 1e9, bytesPerSecond: gigabytesPerSecond * 1e9 }
    const measured = await this.#measured(stored.id, query)
    const batch = query.batch ?? measured?.batch ?? 1
    const predicted = await this.#predicted(query)
    const options: AdviceOptions = { batch, ceilings, measured, latency: predicted?.latency ?? null }
    const { predictedMs, ...advice } = await this.#pool.advise(stored, options)
    return { ...advice, prediction: predicted && predictedMs !== null ? { ...predicted.of, latencyMs: predictedMs } : null }
  }

  /** Times by layer: of the run that was named, or else of the latest at this batch; null where there is none. */
  async #measured(id: string, { runId, batch }: Pick<AdviceQuery, 'runId' | 'batch'>): Promise<MeasuredTimes | null> {
    const chosen = runId ?? (await this.#store.measuredRuns.latestProfiledId(id, batch ?? 1))
    if (chosen === null) return null
    const profiled = await this.#runs.profiled(chosen)
    const { run } = profiled
    const violation =
      run.architectureId !== id
        ? { path: '/runId', message: `run ${chosen} is of architecture ${run.architectureId}: name one of this architecture` }
        : batch !== undefined && batch !== run.batch
          ? { path: '/batch', message: `the run is of batch ${run.batch}: leave batch out` }
          : run.resolution !== null || run.sizes !== null
            ? { path: '/runId', message: 'the run has sizes of its own, and advice is for those of the architecture: name another run' }
            : null
    if (violation) throw invalidRequest('query', [violation])
    const { rows, totals, ceilings, runtime, device } = await this.#runs.layerProfileOf(profiled)
    return {
      ...{ runId: run.id, device, runtime, batch: run.batch, kernelMs: totals.kernelMs },
      rows: rows.map(({ layerIds, ms, bound }) => ({ layerIds, ms, bound })),
      ceilings: { flopsPerSecond: ceilings.compute.flopsPerSecond, bytesPerSecond: ceilings.memory.bytesPerSecond },
    }
  }

  /** By what the time of a call is predicted, where a device is named. */
  async #predicted({ device, runtime }: Pick<AdviceQuery, 'device' | 'runtime'>) {
    if (device === undefined) {
      if (runtime === undefined) return null
      throw invalidRequest('query', [{ path: '/device', message: 'runtime says under what time is predicted: give the device as well' }])
    }
    const target = await this.#prediction.target({ device, ...(runtime === undefined ? {} : { runtime }) })
    const known = await this.#prediction.known(target)
    const { choice, precision } = target
    return {
      latency: { model: known.learnt.model, dtype: precision },
      of: { device: choice.device.name, deviceUuid: choice.device.uuid, runtime: choice.support.runtime, error: errorOf(known) },
    }
  }
}
