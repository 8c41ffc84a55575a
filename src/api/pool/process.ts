import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { codeOf } from '../../gpu/run-error.ts'
import { LastLines } from '../../gpu/worker/parent/last-lines.ts'
import { limitedCommand } from '../../gpu/worker/parent/limited.ts'
import type { TaskName, TaskResult } from './tasks.ts'

/** What the process is told: a task. */
export interface ToEngine {
  name: TaskName
  task: unknown
}

/** What it answers: that it is ready; then each task's result, or how it failed, and what the process has used so far. */
export type FromEngine =
  | { ready: true }
  | ({ residentBytes: number; cpuSeconds: number } & ({ result: TaskResult<unknown> } | { failed: TaskFailure }))

/** An error of a task without one of our codes, or for lack of memory. */
export interface TaskFailure {
  outOfMemory?: true
  message: string
  stack?: string | undefined
  code?: string | undefined
}

export interface EngineLimits {
  /** V8's heap, MiB. */
  heapMiB: number
  /** What array buffers may take beside it, bytes. */
  bufferBytes: number
  /** Processor time of its life, s. It ends a process that outlives the service in a loop without end. */
  cpuSeconds: number
}

/** A process that ended in the middle of a task. `outOfMemory` where memory was the reason. */
export class EngineProcessEnded extends Error {
  readonly outOfMemory: boolean
  constructor(message: string, outOfMemory: boolean) {
    super(message)
    this.name = 'EngineProcessEnded'
    this.outOfMemory = outOfMemory
  }
}

const program = fileURLToPath(new URL('./child.ts', import.meta.url))
/** Environment variables passed to the process: where things are, and how Node runs. No secrets. */
const passedOn = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|NODE_.*)$/
/**
 * What Node uses of RLIMIT_DATA before it does anything: code range, young generation, libraries. Measured 630 MiB on Node
 * 24 with the engine loaded, of which 100 MiB are resident.
 */
const nodeMiB = 700
const MiB = 2 ** 20

/** One process of the engine, from its start to its end. One task at a time. */
export class EngineProcess {
  readonly #child: ChildProcess
  readonly #said = new LastLines(() => undefined)
  readonly #ready: Promise<void>
  readonly gone: Promise<void>
  #ended = false
  #task: { resolve(result: TaskResult<unknown>): void; reject(cause: unknown): void } | null = null
  /** Resident memory after the last task, bytes. */
  residentBytes = 0
  /** Processor time used so far, s. */
  cpuSeconds = 0

  constructor({ heapMiB, bufferBytes, cpuSeconds }: EngineLimits) {
    const [command, args] = limitedCommand([process.execPath, `--max-old-space-size=${heapMiB}`, program], {
      memoryBytes: (nodeMiB + heapMiB) * MiB + bufferBytes,
      cpuSeconds,
      coreFile: false,
    })
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)))
    const child = spawn(command, args, { serialization: 'advanced', env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#child = child
    this.#said.read(child.stdout!)
    this.#said.read(child.stderr!)
    this.gone = new Promise((resolve) => {
      // `close` comes after `exit`, when all output has been read; a process that never started has neither.
      child.once('close', () => resolve())
      child.once('error', (error) => {
        this.#said.add(error.message)
        if (child.pid === undefined) resolve()
      })
    })
    this.#ready = new Promise((resolve, reject) => {
      child.on('message', (message: FromEngine) => ('ready' in message ? resolve() : this.#answer(message)))
      void this.gone.then(() => {
        this.#ended = true
        const how = this.#crash()
        reject(how)
        this.#task?.reject(how)
        this.#task = null
      })
    })
    // Waiters get the reason; there may be none.
    this.#ready.catch(() => undefined)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when it has loaded the engine. @throws EngineProcessEnded where it ends before. */
  ready(): Promise<void> {
    return this.#ready
  }

  /** Runs a task. @throws EngineProcessEnded where the process ends before; Error as the task does. */
  run<T>(name: TaskName, task: unknown): Promise<TaskResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#crash())
      this.#task = { resolve: resolve as (result: TaskResult<unknown>) => void, reject }
      // If sending fails, the process is gone, which rejects the task.
      this.#child.send({ name, task } satisfies ToEngine, () => undefined)
    })
  }

  /** Ends it at once, even during a task. */
  end(): void {
    this.#ended = true
    this.#child.kill('SIGKILL')
  }

  #answer(message: Exclude<FromEngine, { ready: true }>): void {
    const task = this.#task
    this.#task = null
    this.residentBytes = message.residentBytes
    this.cpuSeconds = message.cpuSeconds
    if ('result' in message) task?.resolve(message.result)
    else task?.reject(asError(message.failed))
  }

  #crash(): EngineProcessEnded {
    const { signalCode, exitCode } = this.#child
    const words = this.#said.text()
    const how = signalCode ? `by signal ${signalCode}` : `with code ${exitCode}`
    // The kernel ends a process by SIGKILL when the machine's memory runs out.
    const memory = codeOf(words) === 'OUT_OF_MEMORY' || signalCode === 'SIGKILL'
    return new EngineProcessEnded(`the engine's process ${this.pid} ended ${how}${words ? `; its last words: ${words}` : ''}`, memory)
  }
}

function asError({ message, stack, code, outOfMemory }: TaskFailure): Error {
  if (outOfMemory) return new EngineProcessEnded(message, true)
  return Object.assign(new Error(message), { stack, ...(code ? { code } : {}) })
}
