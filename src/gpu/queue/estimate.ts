/**
 * How long a run will take: what its like took before, or, for a network that the device has not seen, its multiply-adds
 * at the rate of those it has. Estimates are stored with their runs, so that their error can be told and not guessed.
 */
import type { PastRun, Run, RunningRun, Store } from '../../store/index.ts'
import type { Clock } from '../clock.ts'
import type { TimingSettings } from '../contract.ts'
import { median } from '../timing/percentiles.ts'

/**
 * `progress`: what its own blocks took so far, of a comparison under way. `history`: runs of the same workload on the device. `cost`: its multiply-adds, at the rate of other networks there.
 * `settings`: nothing is known of the device, and warm-up and minimum duration are the least it can take.
 */
export const estimateBases = ['progress', 'history', 'cost', 'settings'] as const
export type EstimateBasis = (typeof estimateBases)[number]

export interface Estimate {
  ms: number
  basis: EstimateBasis
}

/** What an estimate is made for. */
export type Estimated = Pick<Run, 'workload' | 'runtime' | 'backend' | 'macs' | 'settings' | 'timeoutMs' | 'rounds'>

/** Of one workload, averaged: the latest few, since a machine changes. */
const latest = 5
/** Networks nearest in size that tell a rate: small ones reach a lower one than large ones. */
const neighbors = 5
/** Of its time so far, what a run that outlasts its estimate is taken to last yet. */
const outlasting = 0.1
/** Fewer past estimates tell too little of their error. */
const leastForError = 3

const middle = (values: readonly number[]): number => median(Float64Array.from(values))

export class Estimator {
  readonly #history: readonly PastRun[]

  /** @param history of one device, latest first. */
  constructor(history: readonly PastRun[]) {
    this.#history = history
  }

  /** Never more than the run's timeout. */
  of(run: Estimated): Estimate {
    const { ms, basis } = this.#ofWorkload(run) ?? this.#ofCost(run) ?? leastOf(run)
    return { ms: Math.min(ms, run.timeoutMs), basis }
  }

  /**
   * What a run in progress still takes. A comparison goes on as its blocks did so far. Of any run that outlasts what was
   * expected nothing is known but that: it is taken to last a tenth of its time longer, up to its timeout.
   */
  remaining(run: Estimated & Pick<RunningRun, 'elapsedMs' | 'blocks'>): Estimate {
    const { elapsedMs, blocks, timeoutMs } = run
    const atLeast = elapsedMs * outlasting
    const least = (ms: number, basis: EstimateBasis): Estimate => ({ ms: Math.min(ms, Math.max(0, timeoutMs - elapsedMs)), basis })
    if (blocks && blocks.done > 0) {
      const each = blocks.ms / blocks.done
      const left = blocksOf(run.rounds) - blocks.done
      // Where the block under way takes longer than those before, the ones after it are still to come.
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
    return errors.length < leastForError ? null : middle(errors)
  }

  #ofWorkload({ workload }: Estimated): Estimate | null {
    const past = this.#history.filter((each) => each.workload === workload).slice(0, latest)
    return past.length === 0 ? null : { ms: past.reduce((sum, { ms }) => sum + ms, 0) / past.length, basis: 'history' }
  }

  #ofCost({ runtime, backend, macs, settings, rounds }: Estimated): Estimate | null {
    if (!macs) return null
    const told = this.#history.flatMap(({ runtime: other, backend: its, macs: itsMacs, callMs, ms, timedMs }) =>
      other === runtime && its === backend && itsMacs && callMs && timedMs !== null
        ? [{ rate: callMs / itsMacs, apart: Math.abs(Math.log(itsMacs / macs)), besides: Math.max(0, ms - timedMs) }]
        : [],
    )
    if (told.length === 0) return null
    const nearest = told.sort((a, b) => a.apart - b.apart).slice(0, neighbors)
    const callMs = macs * middle(nearest.map(({ rate }) => rate))
    const { warmupMs, minDurationMs, maxDurationMs, minSamples } = settings as TimingSettings
    const timed = Math.min(Math.max(minDurationMs, minSamples * callMs), Math.max(maxDurationMs, callMs))
    const besides = middle(nearest.map((each) => each.besides))
    return { ms: blocksOf(rounds) * (besides + Math.max(warmupMs, 3 * callMs) + timed), basis: 'cost' }
  }
}

const blocksOf = (rounds: number | null): number => (rounds ? 2 * rounds : 1)

function leastOf({ settings, rounds }: Estimated): Estimate {
  const { warmupMs, minDurationMs } = settings as TimingSettings
  return { ms: blocksOf(rounds) * (warmupMs + minDurationMs), basis: 'settings' }
}

/** The weakest of the bases that a sum rests on. */
export const weakest = (bases: readonly EstimateBasis[]): EstimateBasis =>
  bases.reduce((worst, basis) => (estimateBases.indexOf(basis) > estimateBases.indexOf(worst) ? basis : worst), 'progress')

/** A history is read again after so long, ms: on other hosts runs end unheard. */
const keptMs = 2000

/** Estimators of the devices, kept for a moment: every request for a place in the queue asks for one. */
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
