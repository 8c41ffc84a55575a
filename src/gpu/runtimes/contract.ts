/** The interface of a runtime: whether it works on a device, what it can do there, and how it loads and runs a graph. */
import type { Graph } from '../../engine/graph.ts'
import type {
  BackendName,
  LayerProfile,
  ModelFile,
  Precision,
  RunJob,
  RuntimeCapabilities,
  RuntimeName,
  RuntimeSupport,
} from '../contract.ts'
import type { DeviceKind } from '../devices/device.ts'
import type { RuntimeSettings } from './settings.ts'

/** Threads of a probe. */
export const probeThreads = 1

export interface LoadRequest {
  graph: Graph
  batch: number
  resolution: readonly [number, number] | null
  precision: Precision
  /** At least 1. */
  threads: number
  seed: number
  /** The defaults where left out. */
  settings?: RuntimeSettings
  device: RunJob['device']
  /** What holds the weights; seeded ones without. */
  model?: ModelFile
  /** A folder for files that the load needs; removed after the run. */
  scratch: string
}

/** A loaded network. `run` returns when the output lies on the host: its duration is the latency. */
export interface Session {
  run(): Promise<void> | void
  /** The outputs of the last `run`, in graph order, each in the engine's element order (N×C×H×W). */
  outputs(): Float32Array[] | Promise<Float32Array[]>
  /** Mean time of a call's copies to and from the device since it was last asked, ms; null where none were timed apart. */
  copiesMs?(): { hostToDevice: number; deviceToHost: number } | null
  /** What the runtime was told, by its own option names. */
  options: Record<string, string | number | boolean>
  /** Operations that it runs beside the network's own, in words. */
  addedOps?: string[]
  dispose(): Promise<void> | void
}

/** What executes graphs, by one of its back ends: a folder in `runtimes/`, the only places that load native bindings. */
export interface Runtime {
  name: RuntimeName
  backend: BackendName
  version: string
  /** What it can do on a kind of device; whether it works on this host is `probe`'s to find out. */
  capabilities(kind: DeviceKind): RuntimeCapabilities | Promise<RuntimeCapabilities>
  /** Runs a tiny graph on the device. Never throws: what fails is the reason. */
  probe(device: RunJob['device']): Promise<RuntimeSupport>
  load(request: LoadRequest): Promise<Session>
  /** A pass of its own, in its own session, since it perturbs. Only where the capabilities say `perLayer`. */
  profile?(request: LoadRequest, runs: number): Promise<LayerProfile>
  /**
   * Bytes that loading and running take at least, given the weights' and the largest live activations' bytes: a run
   * for which they are not free is refused before it starts.
   */
  leastMemory(weightBytes: number, peakActivationBytes: number): number
  /** Most memory that it can address, where that is less than the machine has; null otherwise. */
  memoryLimitBytes: number | null
}
