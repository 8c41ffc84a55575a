import { createRequire } from 'node:module'
import type { Handle, OnnxRuntime } from './library.ts'
import type { InferenceSession } from './session.ts'
import type { Allocator, Tensor } from './tensor.ts'

const require = createRequire(import.meta.url)

/** Inputs and outputs of a session, bound once; `run` then passes nothing and allocates nothing of its own. */
export class IoBinding {
  readonly #runtime: OnnxRuntime
  readonly #session: Handle
  readonly #binding: Handle
  /** Of every run: through it another thread ends one. */
  readonly runOptions: Handle

  /** @param config Entries of each run's options, by ONNX Runtime's names. */
  constructor({ runtime, handle }: InferenceSession, config: Readonly<Record<string, string>> = {}) {
    const { api } = runtime
    this.#runtime = runtime
    this.#session = handle
    this.#binding = runtime.made((out) => api.CreateIoBinding(handle, out))
    this.runOptions = runtime.made((out) => api.CreateRunOptions(out))
    for (const [key, value] of Object.entries(config)) runtime.check(api.AddRunConfigEntry(this.runOptions, key, value))
  }

  /** A tensor that does not lie where the network takes it is copied there now, once. */
  input(name: string, tensor: Tensor): void {
    this.#runtime.check(this.#runtime.api.BindInput(this.#binding, name, tensor.handle))
  }

  output(name: string, tensor: Tensor): void {
    this.#runtime.check(this.#runtime.api.BindOutput(this.#binding, name, tensor.handle))
  }

  /** An output whose size is not known: each run makes it anew in that kind of memory. */
  outputTo(name: string, { memory }: Allocator): void {
    this.#runtime.check(this.#runtime.api.BindOutputToDevice(this.#binding, name, memory))
  }

  /** The outputs that the last run made, in the order they were bound: each an `OrtValue` for the caller to release. */
  outputs(): Handle[] {
    const { api, allocator } = this.#runtime
    const found = new BigUint64Array(2)
    this.#runtime.check(api.GetBoundOutputValues(this.#binding, allocator, found, found.subarray(1)))
    const [list, count] = [found[0]!, Number(found[1])]
    if (count === 0) return []
    const koffi = require('koffi') as typeof import('koffi')
    const handles = koffi.decode(list, koffi.array('void *', count)) as Handle[]
    this.#runtime.check(api.AllocatorFree(allocator, list))
    return handles
  }

  /** Runs the network, its outputs into the tensors that were bound. @throws RuntimeError */
  run(): void {
    this.#runtime.check(this.#runtime.api.RunWithBinding(this.#session, this.runOptions, this.#binding))
  }

  /** Returns when the device has done all that it was given: a run by itself may return before. */
  synchronize(): void {
    this.#runtime.check(this.#runtime.api.SynchronizeBoundOutputs(this.#binding))
  }

  release(): void {
    const { api } = this.#runtime
    api.ReleaseIoBinding(this.#binding)
    api.ReleaseRunOptions(this.runOptions)
  }
}
