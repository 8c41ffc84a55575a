import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { IoBinding } from './binding.ts'
import type { OnnxRuntime } from './library.ts'

/** What the thread is started with: the address of `RunOptionsSetTerminate`, and where it is told what to end and when. */
export interface TerminatorData {
  setTerminate: bigint
  /** [0] which order this is, counted up; [1] ms until the run is ended, 0 for none. */
  order: SharedArrayBuffer
  /** [0] the run's options, by their address. */
  target: SharedArrayBuffer
}

/**
 * Ends a run from another thread, since the one that runs it is blocked: between two nodes ONNX Runtime looks whether it
 * was told to end, and then `run` throws. The session can be used again.
 */
export class Terminator {
  readonly #runtime: OnnxRuntime
  readonly #thread: Worker
  readonly #order = new Int32Array(new SharedArrayBuffer(8))
  readonly #target = new BigUint64Array(new SharedArrayBuffer(8))

  constructor(runtime: OnnxRuntime) {
    this.#runtime = runtime
    const workerData: TerminatorData = {
      setTerminate: runtime.addresses.RunOptionsSetTerminate,
      order: this.#order.buffer as SharedArrayBuffer,
      target: this.#target.buffer as SharedArrayBuffer,
    }
    this.#thread = new Worker(new URL('./terminator-thread.ts', import.meta.url), { workerData, resourceLimits: { codeRangeSizeMb: 16 } })
  }

  /** Resolves when the thread can be counted on. From then on it keeps no process alive. */
  async ready(): Promise<void> {
    await once(this.#thread, 'message')
    this.#thread.unref()
  }

  /**
   * One run, ended after `ms`.
   * @throws RuntimeError in ONNX Runtime's words (`Exiting due to terminate flag`) where it was ended, or by itself failed.
   */
  run(binding: IoBinding, ms: number): void {
    this.#target[0] = binding.runOptions
    this.#tell(Math.max(1, Math.round(ms)))
    try {
      binding.run()
    } finally {
      this.#tell(0)
      this.#runtime.check(this.#runtime.api.RunOptionsUnsetTerminate(binding.runOptions))
    }
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }

  #tell(ms: number): void {
    Atomics.store(this.#order, 1, ms)
    Atomics.add(this.#order, 0, 1)
    Atomics.notify(this.#order, 0)
  }
}
