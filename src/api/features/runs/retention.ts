import { type Clock, pause, systemClock } from '../../../gpu/clock.ts'
import type { Expired, Store } from '../../../store/index.ts'
import { summaryOf } from './distribution.ts'

/** From the start to the first round, and from one round to the next, ms. */
const rounds = { firstMs: 60_000, everyMs: 3_600_000 }
/** A batch is some milliseconds of work; the pause behind it leaves the machine to runs that are timed there. */
const batch = { mostRuns: 20, mostSamples: 1_000_000, pauseMs: 500 }

export interface SampleRetentionOptions {
  runs: Pick<Store['runs'], 'expireSamples'>
  /** How long samples are kept, days. */
  days: number
  log: { info(object: object, message: string): void; warn(object: object, message: string): void }
  /** Called with what each batch dropped. */
  onExpired?: (expired: Expired) => void
  clock?: Clock
}

/**
 * Drops the samples of runs that are older than they are kept, and leaves a summary. Several services of one database may do so:
 * whichever finds another at it leaves the round to that one.
 */
export class SampleRetention {
  readonly #options: Required<SampleRetentionOptions>
  readonly #closing = new AbortController()
  #callOff = () => {}
  #round: Promise<void> = Promise.resolve()

  constructor({ clock = systemClock, onExpired = () => {}, ...options }: SampleRetentionOptions) {
    this.#options = { clock, onExpired, ...options }
  }

  /** Begins the rounds. */
  start(): void {
    this.#after(rounds.firstMs)
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#callOff()
    await this.#round
  }

  #after(ms: number): void {
    this.#callOff = this.#options.clock.after(ms, () => {
      this.#round = this.#drop().finally(() => {
        if (!this.#closing.signal.aborted) this.#after(rounds.everyMs)
      })
    })
  }

  /** One round. Never rejects: what is left is dropped in the next one. */
  async #drop(): Promise<void> {
    const { runs, days, log, onExpired, clock } = this.#options
    const { mostRuns, mostSamples, pauseMs } = batch
    const total: Expired = { runs: 0, samples: 0 }
    try {
      while (!this.#closing.signal.aborted) {
        const done = await runs.expireSamples({ days, mostRuns, mostSamples, summarize: summaryOf })
        if (!done || done.runs === 0) break
        total.runs += done.runs
        total.samples += done.samples
        onExpired(done)
        await pause(clock, pauseMs, this.#closing.signal)
      }
    } catch (err) {
      log.warn({ err, days }, 'samples that are older than they are kept were not dropped; trying again in an hour')
    }
    if (total.runs > 0) log.info({ ...total, days }, 'samples that are older than they are kept were dropped')
  }
}
