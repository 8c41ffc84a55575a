/**
 * Estimates how long a run will take: from earlier runs like it or, for a network new to the device, from its multiply-adds
 * at the rate of other networks. Estimates are stored with their runs, so that their error is known and not guessed.
 */
import { median } from '../../engine/median.ts'
import type { PastRun, Run, RunningRun, Store } from '../../store/index.ts'
import type { Clock } from '../clock.ts'
import type { TimingSettings } from '../contract.ts'

/**
 * `progress`: the time of a running comparison's own blocks so far. `history`: runs of the same workload on the device.
 * `prediction`: the latency that was predicted for its network when it was queued. `cost`: its multiply-adds at the rate of other
 * networks there. `settings`: nothing is known of the device, so warm-up and minimum duration, the least it can take.
 */
export const estimateBases = ['progress', 'history', 'prediction', 'cost', 'settings'] as const
export type EstimateBasis = (typeof estimateBases)[number]

export interface Estimate {
  ms: number
  basis: EstimateBasis
}

/** What an estimate is made for. */
export type Estimated = Pick<Run, 'workload' | 'runtime' | 'backend' | 'macs' | 'settings' | 'timeoutMs' | 'rounds'> &
  Partial<Pick<Run, 'expectedMs' | 'expectedBasis'>>

/** How many runs of one workload are averaged: the latest few, since machines change. */
const latest = 5
/** How many networks, nearest in size, give the rate: small networks reach a lower one than large ones. */
const neighbors = 5
/** Share of its time so far that a run that outlasts its estimate is assumed to take yet. */
const outlasting = 0.1
/** With fewer past estimates their error is not known well enough. */
const leastForError = 3

export class Estimator {
  readonly #history: readonly PastRun[]

  /** @param history of one device, latest first. */
  constructor(history: readonly PastRun[]) {
    this.#history = history
  }

  /** Never more than the run's timeout. */
  of(run: Estimated): Estimate {
    const { ms, basis } = this.#ofWorkload(run) ?? predictionOf(run) ?? this.#ofCost(run) ?? leastOf(run)
    return { ms: Math.min(ms, run.timeoutMs), basis }
  }

  /**
   * Time that a run in progress still needs. A comparison is assumed to go on as its blocks did so far. A run that outlasts
   * its estimate is assumed to need another tenth of its time, up to its timeout.
   */
  remaining(run: Estimated & Pick<RunningRun, 'elapsedMs' | 'blocks'>): Estimate {
    const { elapsedMs, blocks, timeoutMs } = run
    const atLeast = elapsedMs * outlasting
    const least = (ms: number, basis: EstimateBasis): Estimate => ({ ms: Math.min(ms, Math.max(0, timeoutMs - elapsedMs)), basis })
    if (blocks && blocks.done > 0) {
      const each = blocks.ms / blocks.done
      const left = blocksOf(run.rounds) - blocks.done
      // If the current block takes longer than those before it, the following ones still remain.
      return least(Math.max(each * left - (elapsedMs - blocks.ms), each * (left - 1) + each * outlasting), 'progress')
    }
    const { ms, basis } = this.of(run)
    return least(Math.max(ms - elapsedMs, atLeast), basis)
  }

  /** Median relative error of the estimates made on this basis; null where too few were. */
  error(basis: EstimateBasis): number | null {
    const errors = this.#history.flatMap(({ expectedMs, expectedBasis, ms }) =>
      expectedMs !== null && expectedBasis === basis && ms > 0 ? [Math.abs(expectedMs / ms - 1)] : [],
    )
    return errors.length < leastForError ? null : median(errors)
  }

  #ofWorkload({ workload }: Estimated): Estimate | null {
    const past = this.#history.filter((each) => each.workload === workload).slice(0, latest)
    return past.length === 0 ? null : { ms: past.reduce((sum, { ms }) => sum + ms, 0) / past.length, basis: 'history' }
  }

  /** How long a run takes whose calls are predicted to take so long, ms. */
  ofCall(run: Estimated, callMs: number): Estimate {
    const ms = timeOf(run, callMs, this.#nearest(run))
    return { ms: Math.min(ms, run.timeoutMs), basis: 'prediction' }
  }

  #ofCost(run: Estimated): Estimate | null {
    const nearest = this.#nearest(run)
    if (nearest.length === 0) return null
    return { ms: timeOf(run, run.macs! * median(nearest.map(({ rate }) => rate)), nearest), basis: 'cost' }
  }

  /** Runs of the networks nearest in size under the same runtime: ms a multiply-add, and ms besides warm-up and timing. */
  #nearest({ runtime, backend, macs }: Estimated): { rate: number; besides: number }[] {
    if (!macs) return []
    const told = this.#history.flatMap(({ runtime: other, backend: its, macs: itsMacs, callMs, ms, timedMs }) =>
      other === runtime && its === backend && itsMacs && callMs && timedMs !== null
        ? [{ rate: callMs / itsMacs, apart: Math.abs(Math.log(itsMacs / macs)), besides: Math.max(0, ms - timedMs) }]
        : [],
    )
    return told.sort((a, b) => a.apart - b.apart).slice(0, neighbors)
  }
}

/** What was predicted when the run was queued. */
const predictionOf = ({ expectedMs, expectedBasis }: Estimated): Estimate | null =>
  expectedBasis === 'prediction' && typeof expectedMs === 'number' ? { ms: expectedMs, basis: 'prediction' } : null

/** Warm-up and timing of calls of so many ms, and what such runs took besides. */
function timeOf({ settings, rounds }: Estimated, callMs: number, nearest: readonly { besides: number }[]): number {
  const { warmupMs, minDurationMs, maxDurationMs, minSamples } = settings as TimingSettings
  const timed = Math.min(Math.max(minDurationMs, minSamples * callMs), Math.max(maxDurationMs, callMs))
  const besides = nearest.length === 0 ? 0 : median(nearest.map((each) => each.besides))
  return blocksOf(rounds) * (besides + Math.max(warmupMs, 3 * callMs) + timed)
}

const blocksOf = (rounds: number | null): number => (rounds ? 2 * rounds : 1)

function leastOf({ settings, rounds }: Estimated): Estimate {
  const { warmupMs, minDurationMs } = settings as TimingSettings
  return { ms: blocksOf(rounds) * (warmupMs + minDurationMs), basis: 'settings' }
}

/** The weakest of the bases that a sum rests on. */
export const weakest = (bases: readonly EstimateBasis[]): EstimateBasis =>
  bases.reduce((worst, basis) => (estimateBases.indexOf(basis) > estimateBases.indexOf(worst) ? basis : worst), 'progress')

/** Age at which a history is read again, ms: runs on other hosts end without notice. */
const keptMs = 2000

/** Estimators of the devices, cached briefly, since every request for a place in the queue needs one. */
export class Estimates {
  readonly #store: Store
  readonly #clock: Clock
  readonly #kept = new Map<string, { estimator: Promise<Estimator>; until: number }>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  on(deviceUuid: string): Promise<Estimator> {
    const kept = this.#kept.get(deviceUuid)
    if (kept && kept.until > this.#clock.now()) return kept.estimator
    const estimator = this.#store.runs.history(deviceUuid).then((history) => new Estimator(history))
    this.#kept.set(deviceUuid, { estimator, until: this.#clock.now() + keptMs })
    estimator.catch(() => this.forget(deviceUuid))
    return estimator
  }

  /** A run of the device has ended. */
  forget(deviceUuid: string): void {
    this.#kept.delete(deviceUuid)
  }
}
