import { isDeepStrictEqual } from 'node:util'
import { certified } from '../../certificate/index.ts'
import { withProfile } from '../../certificate/profile.ts'
import { type Clock, pause, systemClock, within } from '../../clock.ts'
import type { RuntimeSupport } from '../../contract.ts'
import {
  type BackendName,
  backendsOf,
  type RunFailure,
  type RunJob,
  type RunSuccess,
  type RuntimeName,
  runtimeNames,
} from '../../contract.ts'
import { defaultCudaFolder } from '../../cuda-folder.ts'
import type { Device } from '../../devices/device.ts'
import type { FromWorker, RunProgress, ToWorker } from '../../messages.ts'
import { codeOf } from '../../run-error.ts'
import { probeThreads } from '../../runtimes/contract.ts'
import { type Deadline, stopAfter } from './deadline.ts'
import {
  type Child,
  crashMessage,
  kindFor,
  type ProcessKind,
  type ProcessOptions,
  spawnChild,
  type WorkerExit,
  workerProgram,
} from './process.ts'

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
  /** Whether the process is not to be used again. */
  worn: boolean
}

/** What the worker needs of a logger: pino's, or the console. */
export interface WorkerLog {
  debug(data: object, message: string): void
  warn(data: object, message: string): void
}

export interface WorkerOptions extends Partial<ProcessOptions> {
  log: WorkerLog
  onExit?: (exit: WorkerExit) => void
  /** For deadlines and back-off; another one than the machine's in tests. */
  clock?: Clock
}

const startTimeoutMs = 30_000
const probeTimeoutMs = 120_000
/** A process larger than this after a run is ended, since the next run would miss its memory. */
const largestIdleBytes = 2 ** 30
const firstBackOffMs = 250
const longestBackOffMs = 10_000
/** A process that takes longer than this to die after SIGKILL is stuck in the kernel, most likely in a driver. */
const slowDeathMs = 10_000

/**
 * The worker process of one device, seen from the service: started when first needed, kept warm between runs, ended by
 * SIGKILL (a runtime that blocks its thread listens to nothing else), and started again, with a back-off where it keeps
 * dying. One run at a time; when `execute` resolves, the process is idle or dead.
 */
export class DeviceWorker {
  readonly device: Device
  readonly #options: ProcessOptions
  readonly #log: WorkerLog
  readonly #onExit: ((exit: WorkerExit) => void) | undefined
  readonly #clock: Clock
  #child: Child | null = null
  #starting: Promise<Child> | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #crashes = 0
  readonly #closing = new AbortController()
  #probed: Promise<RuntimeSupport[]> | null = null

  constructor(device: Device, { log, onExit, clock = systemClock, ...options }: WorkerOptions) {
    this.device = device
    this.#options = { cudaFolder: defaultCudaFolder, memoryBytes: 0, program: workerProgram, ...options }
    this.#log = log
    this.#onExit = onExit
    this.#clock = clock
  }

  /** Pid of the process, or null where none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Starts the process ahead of the first run. @throws Error where it does not start. */
  async start(): Promise<void> {
    await this.#exclusively(() => this.#ready(null))
  }

  /** Which runtimes work on the device, each back end tried by running a tiny graph. Found once, then remembered. */
  probe(): Promise<RuntimeSupport[]> {
    this.#probed ??= this.#exclusively(async () => {
      const found: RuntimeSupport[] = []
      for (const name of runtimeNames)
        for (const backend of backendsOf[name][this.device.kind]) found.push(await this.#probeOne(name, backend))
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
    await this.#starting?.catch(() => {})
    await this.#kill()
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  async #execute(job: RunJob, { timeoutMs, fresh, signal, onProgress }: ExecuteOptions): Promise<Outcome> {
    const at: Place = { during: 'starting', begun: false, worn: false }
    const stop = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])])
    const deadline = stopAfter(timeoutMs, stop, this.#clock)
    const ask = <T>(kind: 'run' | 'profile', answer: (message: FromWorker) => T | null) =>
      this.#pass(kind, job, deadline, at, onProgress, answer)
    try {
      const timed = await ask('run', (message) => {
        if (message.kind !== 'done') return null
        at.worn = message.residentBytes > largestIdleBytes
        return message.measured
      })
      if ('outcome' in timed) return timed
      const success = certified(timed.answer, this.device.kind)
      if (!job.profile) return { outcome: 'succeeded', success }
      const profiled = await ask('profile', (message) => (message.kind === 'profiled' ? message.profile : null))
      // What CUDA's profiler leaves in a process is not known.
      if (this.device.kind === 'cuda') at.worn = true
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
      if ((stopped && at.begun) || at.worn || fresh) await this.#kill()
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
    const child = await Promise.race([deadline.stopped, this.#ready(kindFor(job, kind === 'profile'))])
    // Nothing has started yet: the process may go on starting, for the next run.
    if (typeof child === 'string') return { outcome: child, during: at.during }
    at.begun = true
    type Reply = { answer: T } | { outcome: 'failed'; failure: RunFailure }
    const reply = this.#ask(child, { kind, job }, (message): Reply | null => {
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
      this.#crashes += 1
      const code = codeOf(child.said.text()) ?? 'WORKER_CRASHED'
      return { outcome: 'crashed', failure: { code, message: crashMessage(child, at.during) } }
    }
    this.#crashes = 0
    // A failed run may leave the runtime in an unknown state, so the next run gets a new process.
    if ('outcome' in ended) await this.#kill()
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
      const child = await this.#ready(kindFor({ device: this.device, runtime, backend, settings }, false))
      const { name, uuid, kind, index, model, driver } = this.device
      const question = { kind: 'probe' as const, runtime, backend, device: { name, uuid, kind, index, model, driver } }
      const reply = this.#ask(child, question, (message) =>
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
      if (deadline.end() || this.device.kind === 'cuda') await this.#kill()
    }
  }

  /** Sends, and resolves with the first message that `answer` takes, or with null when the process is gone. */
  async #ask<T>(child: Child, question: ToWorker, answer: (message: FromWorker) => T | null): Promise<T | null> {
    let listener = (_message: unknown) => {}
    const answered = new Promise<T>((resolve) => {
      listener = (message) => {
        const taken = answer(message as FromWorker)
        if (taken !== null) resolve(taken)
      }
    })
    child.process.on('message', listener)
    // A failed send means that the process is going, which `gone` tells.
    child.process.send(question, () => {})
    try {
      return await Promise.race([answered, child.gone.then(() => null)])
    } finally {
      child.process.off('message', listener)
    }
  }

  /** The running process, started where there is none of this kind. @throws Error where it does not start. */
  async #ready(kind: ProcessKind | null): Promise<Child> {
    const child = (await this.#starting?.catch(() => null)) ?? this.#child
    if (child?.process.connected && isDeepStrictEqual(child.kind, kind)) return child
    this.#starting ??= this.#startProcess(kind).finally(() => {
      this.#starting = null
    })
    return this.#starting
  }

  async #startProcess(kind: ProcessKind | null): Promise<Child> {
    if (this.#closing.signal.aborted) throw new Error('the worker was closed')
    // A process that has disconnected is about to end: wait until it is gone before starting the next.
    await this.#kill()
    if (this.#crashes > 1) await this.#backOff()
    const child = await this.#spawn(kind)
    const deadline = stopAfter(startTimeoutMs, this.#closing.signal, this.#clock)
    const ready = new Promise<'ready'>((resolve) => child.process.once('message', () => resolve('ready')))
    const first = await Promise.race([ready, child.gone, deadline.stopped])
    deadline.end()
    if (first === 'ready') return child
    this.#crashes += 1
    await this.#kill()
    throw new Error(`the worker process of ${this.device.name} did not start: ${crashMessage(child, 'its start')}`)
  }

  async #backOff(): Promise<void> {
    const ms = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.#crashes - 2))
    this.#log.warn(
      { device: this.device.name, crashes: this.#crashes, waitMs: ms },
      'the worker keeps dying: waiting before it starts again',
    )
    await pause(this.#clock, ms, this.#closing.signal)
    if (this.#closing.signal.aborted) throw new Error('the worker was closed')
  }

  async #spawn(kind: ProcessKind | null): Promise<Child> {
    const { name } = this.device
    const child = await spawnChild(this.device, kind, this.#options, (line, pid) =>
      this.#log.debug({ device: name, pid, line }, 'the worker says'),
    )
    this.#child = child
    child.gone = child.gone.then(() => {
      if (this.#child === child) this.#child = null
      const { pid, code, signal } = child
      this.#log.debug({ device: name, pid, code, signal }, 'the worker process is gone')
      try {
        this.#onExit?.({ pid, code, signal })
      } catch (err) {
        // A failing listener must not affect the worker.
        this.#log.warn({ device: name, err }, 'a listener to the end of a worker process failed')
      }
    })
    return child
  }

  /** Ends the process and waits until it is gone. */
  async #kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.process.kill('SIGKILL')
    const gone = await within(
      this.#clock,
      child.gone.then(() => true),
      slowDeathMs,
    )
    if (!gone) {
      const { pid } = child
      this.#log.warn(
        { device: this.device.name, pid },
        'the worker process does not end after SIGKILL; nothing runs on its device until it does',
      )
      await child.gone
    }
  }
}
