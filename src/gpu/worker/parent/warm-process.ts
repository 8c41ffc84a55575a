import { isDeepStrictEqual } from 'node:util'
import { type Clock, pause, systemClock, within } from '../../clock.ts'
import { defaultCudaFolder } from '../../cuda-folder.ts'
import type { Device } from '../../devices/device.ts'
import type { FromWorker, ToWorker } from '../../messages.ts'
import { stopAfter } from './deadline.ts'
import { type Child, crashMessage, type ProcessKind, type ProcessOptions, spawnChild, type WorkerExit, workerProgram } from './process.ts'

/** What the worker needs of a logger: pino's, or the console. */
export interface WorkerLog {
  debug(data: object, message: string): void
  warn(data: object, message: string): void
}

/** Why a worker process ended. */
export const processEnds = [
  'crashed',
  'notStarted',
  'runFailed',
  'timedOut',
  'cancelled',
  'memory',
  'profiled',
  'probed',
  'fresh',
  'otherKind',
  'closed',
] as const
export type ProcessEnd = (typeof processEnds)[number]

export interface WorkerOptions extends Partial<ProcessOptions> {
  log: WorkerLog
  onExit?: (exit: WorkerExit) => void
  /** Called when a process starts in place of one that ended, with the reason for which that one did. */
  onRestart?: (reason: ProcessEnd) => void
  /** For deadlines and back-off; another one than the machine's in tests. */
  clock?: Clock
}

const startTimeoutMs = 30_000
const firstBackOffMs = 250
const longestBackOffMs = 10_000
/** A process that takes longer than this to die after SIGKILL is stuck in the kernel, most likely in a driver. */
const slowDeathMs = 10_000

/**
 * The worker process of one device: started when first needed, kept until another kind is asked for, ended by SIGKILL (a
 * runtime that blocks its thread listens to nothing else), and started again, with a back-off where it keeps dying.
 */
export class WarmProcess {
  readonly #device: Device
  readonly #options: ProcessOptions
  readonly #log: WorkerLog
  readonly #onExit: ((exit: WorkerExit) => void) | undefined
  readonly #onRestart: ((reason: ProcessEnd) => void) | undefined
  readonly #clock: Clock
  readonly #closing: AbortSignal
  #child: Child | null = null
  #starting: Promise<Child> | null = null
  /** Why the running process is being ended; null while it is not. */
  #ending: ProcessEnd | null = null
  /** Why the last process ended; null before the first one did. */
  #ended: ProcessEnd | null = null
  /** How often in a row it has died; whoever gives it work counts too. */
  crashes = 0

  /** @param closing nothing starts once it is aborted. */
  constructor(device: Device, closing: AbortSignal, { log, onExit, onRestart, clock = systemClock, ...options }: WorkerOptions) {
    this.#device = device
    this.#closing = closing
    this.#options = { cudaFolder: defaultCudaFolder, memoryBytes: 0, program: workerProgram, ...options }
    this.#log = log
    this.#onExit = onExit
    this.#onRestart = onRestart
    this.#clock = clock
  }

  /** Pid of the process, or null where none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Ends the process, also one that is still starting. */
  async end(): Promise<void> {
    await this.#starting?.catch(() => {})
    await this.kill('closed')
  }

  /** The running process, started where there is none of this kind. @throws Error where it does not start. */
  async ready(kind: ProcessKind | null): Promise<Child> {
    const child = (await this.#starting?.catch(() => null)) ?? this.#child
    if (child?.process.connected && isDeepStrictEqual(child.kind, kind)) return child
    this.#starting ??= this.#startProcess(kind).finally(() => {
      this.#starting = null
    })
    return this.#starting
  }

  async #startProcess(kind: ProcessKind | null): Promise<Child> {
    if (this.#closing.aborted) throw new Error('the worker was closed')
    // A process that has disconnected is about to end: wait until it is gone before starting the next.
    await this.kill(this.#child?.process.connected ? 'otherKind' : 'crashed')
    if (this.crashes > 1) await this.#backOff()
    const child = await this.#spawn(kind)
    const deadline = stopAfter(startTimeoutMs, this.#closing, this.#clock)
    const ready = new Promise<'ready'>((resolve) => child.process.once('message', () => resolve('ready')))
    const first = await Promise.race([ready, child.gone, deadline.stopped])
    deadline.end()
    if (first === 'ready') return child
    this.crashes += 1
    await this.kill('notStarted')
    throw new Error(`the worker process of ${this.#device.name} did not start: ${crashMessage(child, 'its start')}`)
  }

  async #backOff(): Promise<void> {
    const ms = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.crashes - 2))
    this.#log.warn(
      { device: this.#device.name, crashes: this.crashes, waitMs: ms },
      'the worker keeps dying: waiting before it starts again',
    )
    await pause(this.#clock, ms, this.#closing)
    if (this.#closing.aborted) throw new Error('the worker was closed')
  }

  async #spawn(kind: ProcessKind | null): Promise<Child> {
    const { name } = this.#device
    if (this.#ended) this.#tell(this.#onRestart, this.#ended)
    const child = await spawnChild(this.#device, kind, this.#options, (line, pid) =>
      this.#log.debug({ device: name, pid, line }, 'the worker says'),
    )
    this.#child = child
    child.gone = child.gone.then(() => {
      if (this.#child === child) this.#child = null
      this.#ended = this.#ending ?? 'crashed'
      this.#ending = null
      const { pid, code, signal } = child
      this.#log.debug({ device: name, pid, code, signal }, 'the worker process is gone')
      this.#tell(this.#onExit, { pid, code, signal })
    })
    return child
  }

  /** A failing listener must not affect the worker. */
  #tell<T>(listener: ((told: T) => void) | undefined, told: T): void {
    try {
      listener?.(told)
    } catch (err) {
      this.#log.warn({ device: this.#device.name, err }, 'a listener to a worker process failed')
    }
  }

  /** Ends the process and waits until it is gone. */
  async kill(why: ProcessEnd): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#ending ??= why
    child.process.kill('SIGKILL')
    const gone = await within(
      this.#clock,
      child.gone.then(() => true),
      slowDeathMs,
    )
    if (!gone) {
      const { pid } = child
      this.#log.warn(
        { device: this.#device.name, pid },
        'the worker process does not end after SIGKILL; nothing runs on its device until it does',
      )
      await child.gone
    }
  }
}

/** Sends, and resolves with the first message that `answer` takes, or with null when the process is gone. */
export async function ask<T>(child: Child, question: ToWorker, answer: (message: FromWorker) => T | null): Promise<T | null> {
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
