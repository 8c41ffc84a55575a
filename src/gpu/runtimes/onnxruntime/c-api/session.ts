import { createRequire } from 'node:module'
import type { Handle, OnnxRuntime } from './library.ts'

const require = createRequire(import.meta.url)

/** Values of `GraphOptimizationLevel`. */
const optimizationLevels = { disabled: 0, basic: 1, extended: 2, all: 99 } as const
/** `ORT_SEQUENTIAL`. */
const sequential = 0

export interface SessionOptions {
  intraOpThreads: number
  graphOptimization: keyof typeof optimizationLevels
  /** Entries of the session's configuration, by ONNX Runtime's names: `session.disable_cpu_ep_fallback`. */
  config?: Readonly<Record<string, string>>
  /** Options of the CUDA provider, by its names (`enable_cuda_graph`); without, the session is the CPU's. */
  cuda?: Readonly<Record<string, string>>
  /** Files that the model refers to, by the path it names. Their bytes are read while the session is made. */
  externalData?: readonly { path: string; data: Uint8Array<ArrayBuffer> }[]
  /** Where the profile is written: a path to which the time of day and `.json` are added. None without. */
  profilePrefix?: string
}

/**
 * A loaded network. What is made by it is released before it.
 * @throws RuntimeError from every method that asks ONNX Runtime for something.
 */
export class InferenceSession {
  readonly runtime: OnnxRuntime
  readonly handle: Handle

  /** @param model The bytes of a model, or the path of its file. */
  constructor(runtime: OnnxRuntime, model: Uint8Array<ArrayBuffer> | string, options: SessionOptions) {
    this.runtime = runtime
    const { api } = runtime
    const handle = runtime.made((out) => api.CreateSessionOptions(out))
    try {
      configure(runtime, handle, options)
      this.handle = runtime.made((out) =>
        typeof model === 'string'
          ? api.CreateSession(runtime.env, model, handle, out)
          : api.CreateSessionFromArray(runtime.env, model, model.byteLength, handle, out),
      )
    } finally {
      api.ReleaseSessionOptions(handle)
    }
  }

  /** Ends the profile. @returns the file it is in. */
  endProfiling(): string {
    const { api, allocator } = this.runtime
    const name = this.runtime.made((out) => api.SessionEndProfiling(this.handle, allocator, out))
    const koffi = require('koffi') as typeof import('koffi')
    const file = koffi.decode.string(name)
    this.runtime.check(api.AllocatorFree(allocator, name))
    return file
  }

  release(): void {
    this.runtime.api.ReleaseSession(this.handle)
  }
}

function configure(runtime: OnnxRuntime, handle: Handle, options: SessionOptions): void {
  const { api } = runtime
  const { intraOpThreads, graphOptimization, config = {}, cuda, externalData = [], profilePrefix } = options
  runtime.check(api.SetIntraOpNumThreads(handle, intraOpThreads))
  runtime.check(api.SetInterOpNumThreads(handle, 1))
  runtime.check(api.SetSessionExecutionMode(handle, sequential))
  runtime.check(api.SetSessionGraphOptimizationLevel(handle, optimizationLevels[graphOptimization]))
  for (const [key, value] of Object.entries(config)) runtime.check(api.AddSessionConfigEntry(handle, key, value))
  if (profilePrefix !== undefined) runtime.check(api.EnableProfiling(handle, profilePrefix))
  if (cuda) appendCuda(runtime, handle, cuda)
  if (externalData.length > 0) addExternalData(runtime, handle, externalData)
}

function appendCuda(runtime: OnnxRuntime, handle: Handle, cuda: Readonly<Record<string, string>>): void {
  const { api } = runtime
  const provider = runtime.made((out) => api.CreateCUDAProviderOptions(out))
  try {
    const keys = Object.keys(cuda)
    runtime.check(api.UpdateCUDAProviderOptions(provider, keys, Object.values(cuda), keys.length))
    runtime.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(handle, provider))
  } finally {
    api.ReleaseCUDAProviderOptions(provider)
  }
}

/** ONNX Runtime keeps the addresses, not the bytes, until the session is made: the caller holds `files` for as long. */
function addExternalData(runtime: OnnxRuntime, handle: Handle, files: NonNullable<SessionOptions['externalData']>): void {
  const koffi = require('koffi') as typeof import('koffi')
  // An array that shares memory with an ArrayBuffer lies outside V8's heap, where nothing moves it.
  const addresses = BigUint64Array.from(files, ({ data }) => koffi.address(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))
  const lengths = BigUint64Array.from(files, ({ data }) => BigInt(data.byteLength))
  const names = files.map(({ path }) => path)
  runtime.check(runtime.api.AddExternalInitializersFromFilesInMemory(handle, names, addresses, lengths, files.length))
}
