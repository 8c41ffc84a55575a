import { certified } from '../../certificate/index.ts'
import { withProfile } from '../../certificate/profile.ts'
import { type Clock, systemClock } from '../../clock.ts'
import {
  type BackendName,
  backendsOf,
  type RunFailure,
  type RunJob,
  type RunSuccess,
  type RuntimeName,
  type RuntimeSupport,
  runtimeNames,
} from '../../contract.ts'
import type { Device } from '../../devices/device.ts'
import type { FromWorker, RunProgress } from '../../messages.ts'
import { passedOver } from '../../passed-over.ts'
import { codeOf } from '../../run-error.ts'
import { probeThreads } from '../../runtimes/contract.ts'
import { type Deadline, stopAfter } from './deadline.ts'
import { crashMessage, kindFor } from './process.ts'
import { ask, type ProcessEnd, WarmProcess, type WorkerLog, type WorkerOptions } from './warm-process.ts'

/** How a run ended. `during` is the phase it had reached. */
export type Outcome =
  | { outcome: 'succeeded'; success: RunSuccess }
  | { outcome: 'failed'; failure: RunFailure }
  | { outcome: 'crashed'; failure: RunFailure }
  | { outcome: 'timedOut'; during: string }
  | { outcome: 'cancelled'; during: string }

export interface ExecuteOptions {
  /** Counted from when this run gets the worker. */
  timeoutMs: number
  /** Ends the process after the run, so that the next one begins in a new one. */
  fresh?: boolean
  signal?: AbortSignal
  onProgress?: (progress: RunProgress) => void
}

/** Where a run is, and what it did to its process. */
interface Place {
  /** The phase it has reached. */
  during: string
  /** Whether a process has its job. */
  begun: boolean
  /** Why the process is not to be used again; null where it may be. */
  worn: ProcessEnd | null
}

const probeTimeoutMs = 120_000
/** A process larger than this after a run is ended, since the next run would miss its memory. */
const largestIdleBytes = 2 ** 30

/**
 * Executes the runs of one device in a worker process that is kept warm between them. One run at a time; when `execute`
 * resolves, the process is idle or dead.
 */
export class DeviceWorker {
  readonly device: Device
  readonly #process: WarmProcess
  readonly #log: WorkerLog
  readonly #clock: Clock
  #turn: Promise<unknown> = Promise.resolve()
  readonly #closing = new AbortController()
  #probed: Promise<RuntimeSupport[]> | null = null
  /** What the probe found; empty until it has ended. */
  #support: readonly RuntimeSupport[] = []

  constructor(device: Device, options: WorkerOptions) {
    const { log, clock = systemClock } = options
    this.device = device
    this.#log = log
    this.#clock = clock
    this.#process = new WarmProcess(device, this.#closing.signal, { ...options, clock })
  }

  /** Pid of the process, or null where none runs. */
  get pid(): number | null {
    return this.#process.pid
  }

  /** Starts the process ahead of the first run. @throws Error where it does not start. */
  async start(): Promise<void> {
    await this.#exclusively(() => this.#process.ready(null))
  }

  /** Which runtimes work on the device, each back end tried by running a tiny graph. Found once, then remembered. */
  probe(): Promise<RuntimeSupport[]> {
    this.#probed ??= this.#exclusively(async () => {
      const found: RuntimeSupport[] = []
      for (const name of runtimeNames)
        for (const backend of backendsOf[name][this.device.kind]) found.push(await this.#probeOne(name, backend))
      this.#support = found
      return found
    })
    return this.#probed
  }

  /** Runs one job. Never throws: whatever happens is the outcome. */
  execute(job: RunJob, options: ExecuteOptions): Promise<Outcome> {
    return this.#exclusively(() => this.#execute(job, options))
  }

  /** Ends the process; a run in progress is `cancelled`. Nothing starts afterwards. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#turn
    await this.#process.end()
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  async #execute(job: RunJob, { timeoutMs, fresh, signal, onProgress }: ExecuteOptions): Promise<Outcome> {
    const at: Place = { during: 'starting', begun: false, worn: null }
    const stop = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])])
    const deadline = stopAfter(timeoutMs, stop, this.#clock)
    const ask = <T>(kind: 'run' | 'profile', answer: (message: FromWorker) => T | null) =>
      this.#pass(kind, job, deadline, at, onProgress, answer)
    try {
      const timed = await ask('run', (message) => {
        if (message.kind !== 'done') return null
        at.worn = message.residentBytes > largestIdleBytes ? 'memory' : null
        return message.measured
      })
      if ('outcome' in timed) return timed
      const success = certified(timed.answer, this.device.kind)
      const unusable = passedOver(this.#support, job).map(({ backend, reason }) => ({ backend, reason }))
      if (unusable.length > 0) success.environment.unusableBackends = unusable
      if (!job.profile) return { outcome: 'succeeded', success }
      const profiled = await ask('profile', (message) => (message.kind === 'profiled' ? message.profile : null))
      // What CUDA's profiler leaves in a process is not known.
      if (this.device.kind === 'cuda') at.worn = 'profiled'
      if (!('outcome' in profiled)) return { outcome: 'succeeded', success: withProfile(success, profiled.answer, this.device) }
      if (profiled.outcome === 'failed' || profiled.outcome === 'crashed') {
        // The timing was over, and stands.
        success.result.profileRefused = profiled.failure
        return { outcome: 'succeeded', success }
      }
      return profiled
    } catch (error) {
      this.#log.warn({ device: this.device.name, runId: job.runId, err: error }, 'a run could not be executed')
      return { outcome: 'crashed', failure: { code: 'WORKER_START_FAILED', message: (error as Error).message } }
    } finally {
      const stopped = deadline.end()
      const end = (at.begun && stopped) || at.worn || (fresh && 'fresh')
      if (end) await this.#process.kill(end)
    }
  }

  /**
   * One pass of a run in the process that it takes: what `answer` makes of a message, or how the run ended instead.
   * @throws Error where the process does not start.
   */
  async #pass<T>(
    kind: 'run' | 'profile',
    job: RunJob,
    deadline: Deadline,
    at: Place,
    onProgress: ExecuteOptions['onProgress'],
    answer: (message: FromWorker) => T | null,
  ): Promise<{ answer: T } | Exclude<Outcome, { outcome: 'succeeded' }>> {
    const child = await Promise.race([deadline.stopped, this.#process.ready(kindFor(job, kind === 'profile'))])
    // Nothing has started yet: the process may go on starting, for the next run.
    if (typeof child === 'string') return { outcome: child, during: at.during }
    at.begun = true
    type Reply = { answer: T } | { outcome: 'failed'; failure: RunFailure }
    const reply = ask(child, { kind, job }, (message): Reply | null => {
      if (!('runId' in message) || message.runId !== job.runId) return null
      if (message.kind === 'failed') {
        const { failure, stack } = message
        this.#log.warn({ device: this.device.name, runId: job.runId, failure, stack }, 'a run failed in the worker')
        return { outcome: 'failed', failure }
      }
      if (message.kind === 'progress') {
        if (typeof message.progress.data.phase === 'string') at.during = message.progress.data.phase
        this.#report(message.progress, onProgress)
        return null
      }
      const taken = answer(message)
      return taken === null ? null : { answer: taken }
    })
    const ended = await Promise.race([deadline.stopped, reply])
    if (typeof ended === 'string') return { outcome: ended, during: at.during }
    if (ended === null) {
      this.#process.crashes += 1
      const code = codeOf(child.said.text()) ?? 'WORKER_CRASHED'
      return { outcome: 'crashed', failure: { code, message: crashMessage(child, at.during) } }
    }
    this.#process.crashes = 0
    // A failed run may leave the runtime in an unknown state, so the next run gets a new process.
    if ('outcome' in ended) await this.#process.kill('runFailed')
    return ended
  }

  #report(progress: RunProgress, onProgress: ExecuteOptions['onProgress']): void {
    try {
      onProgress?.(progress)
    } catch (error) {
      // A failing listener must not affect the run.
      this.#log.warn({ device: this.device.name, err: error }, 'a listener to progress failed')
    }
  }

  async #probeOne(runtime: RuntimeName, backend: BackendName): Promise<RuntimeSupport> {
    const deadline = stopAfter(probeTimeoutMs, this.#closing.signal, this.#clock)
    const unusable = (reason: string): RuntimeSupport => ({ runtime, backend, usable: false, reason, command: null })
    try {
      const settings = { threads: probeThreads, tf32: true }
      const child = await this.#process.ready(kindFor({ device: this.device, runtime, backend, settings }, false))
      const { name, uuid, kind, index, model, driver } = this.device
      const question = { kind: 'probe' as const, runtime, backend, device: { name, uuid, kind, index, model, driver } }
      const reply = ask(child, question, (message) =>
        message.kind === 'probed' && message.support.runtime === runtime && message.support.backend === backend ? message.support : null,
      )
      const support = await Promise.race([deadline.stopped, reply])
      if (support === 'cancelled') return unusable('the worker was closed')
      if (support === 'timedOut') return unusable(`a tiny graph did not run within ${probeTimeoutMs / 1000} s`)
      return support ?? unusable(crashMessage(child, 'the probe'))
    } catch (error) {
      return unusable((error as Error).message)
    } finally {
      // A probe profiles, and what that leaves in a process of CUDA is not known.
      if (deadline.end() || this.device.kind === 'cuda') await this.#process.kill('probed')
    }
  }
}
