import { createRequire } from 'node:module'
import { RuntimeError } from './error.ts'
import { type Api, apiVersion, type CType, type FunctionName, places } from './functions.ts'

/** A C object by its address. */
export type Handle = bigint

/** koffi is read when ONNX Runtime first is: in worker processes only. */
const require = createRequire(import.meta.url)

/** Severities below which ONNX Runtime says nothing on stderr. */
const warning = 2

/**
 * ONNX Runtime by its C API, from one libonnxruntime.so.1. A process loads one: its environment (thread pools, providers)
 * is for the whole process.
 */
export class OnnxRuntime {
  /** As the library itself says: `1.30.0`. */
  readonly version: string
  readonly api: Api
  readonly env: Handle
  /** Its allocator for strings and lists that it hands out. */
  readonly allocator: Handle
  /** Addresses of a few functions, for other threads. */
  readonly addresses: Readonly<Record<FunctionName, bigint>>
  readonly #out = new BigUint64Array(1)
  /** Kept: koffi unloads a library of which no function of its own making is left, and those of the table are not. */
  readonly #getApiBase: () => bigint

  /**
   * @param file Path of libonnxruntime.so.1; what lies beside it is where it looks for its providers.
   * @param version The version it must be of, since the header of another one may differ.
   * @throws Error where it does not load, or is of another version.
   */
  constructor(file: string, version: string) {
    const koffi = require('koffi') as typeof import('koffi')
    this.#getApiBase = koffi.load(file).func('OrtGetApiBase', 'void *', [])
    const base = koffi.decode(this.#getApiBase(), koffi.array('void *', 2)) as [bigint, bigint]
    const getApi = koffi.decode(base[0], koffi.proto('void *', ['uint32'])) as (version: number) => bigint | null
    const getVersion = koffi.decode(base[1], koffi.proto('str', [])) as () => string
    this.version = getVersion()
    if (this.version !== version) throw new Error(`${file} is ONNX Runtime ${this.version}, and ${version} is needed`)
    const table = getApi(apiVersion)
    if (!table) throw new Error(`${file} (ONNX Runtime ${this.version}) does not offer version ${apiVersion} of its C API`)
    const pointers = koffi.decode(table, koffi.array('void *', 1 + Math.max(...Object.values(places).map(([index]) => index)))) as bigint[]
    const names = Object.keys(places) as FunctionName[]
    const functionOf = (name: FunctionName): unknown => {
      const [index, result, parameters] = places[name]
      return koffi.decode(pointers[index]!, koffi.proto(result, [...(parameters as readonly CType[])]))
    }
    this.addresses = Object.fromEntries(names.map((name) => [name, pointers[places[name][0]]])) as Record<FunctionName, bigint>
    this.api = Object.fromEntries(names.map((name) => [name, functionOf(name)])) as unknown as Api
    this.env = this.made((out) => this.api.CreateEnv(warning, 'archmeter', out))
    // Telemetry off: nothing may leave the host, whatever the build does by default.
    this.check(this.api.DisableTelemetryEvents(this.env))
    this.allocator = this.made((out) => this.api.GetAllocatorWithDefaultOptions(out))
  }

  /** Which commit it was built from, among others. */
  get buildInfo(): string {
    return this.api.GetBuildInfoString()
  }

  /** @throws RuntimeError with the message of a status, which is released; null is success. */
  check(status: bigint | null): void {
    if (status === null) return
    const error = new RuntimeError(this.api.GetErrorMessage(status), this.api.GetErrorCode(status))
    this.api.ReleaseStatus(status)
    throw error
  }

  /** The object that a call writes the address of into its out parameter. @throws RuntimeError where the call fails. */
  made(call: (out: BigUint64Array) => bigint | null): Handle {
    this.check(call(this.#out))
    return this.#out[0]!
  }
}
