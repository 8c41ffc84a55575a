/**
 * The words that the queue, the worker process and the runtimes share. Types only: everything crosses a process
 * boundary as a structured clone.
 */
import type { Graph } from '../engine/graph.ts'
import type { TimingSettings } from './timing/settings.ts'

export type { TimingSettings }

export type RuntimeName = 'onnxruntime' | 'tfjs'
export type Precision = 'float32' | 'float16'

/** One timed inference as the worker gets it. */
export interface RunJob {
  runId: string
  graph: Graph
  runtime: RuntimeName
  /** `cpu:0`, `cuda:0` on this host, and the UUID its queue and lock go by. */
  device: { name: string; uuid: string; kind: 'cpu' | 'cuda'; index: number }
  /** Images per call. */
  batch: number
  precision: Precision
  resolution: readonly [number, number] | null
  profile: boolean
  settings: TimingSettings
}

/** Latency of one call with the whole batch, ms. A percentile is null where the samples are too few to state it. */
export interface LatencySummary {
  min: number
  p50: number | null
  p90: number | null
  p95: number | null
  p99: number | null
  p999: number | null
  max: number
  mean: number
  stddev: number
  /** Block-bootstrapped 95 % interval of the median; null below 11 samples. */
  medianCi95: readonly [number, number] | null
}

export interface LayerTime {
  layerId: string
  ms: number
  share: number
}

export interface RunResult {
  latencyMs: LatencySummary
  samples: number
  /** Images per second over the timed part. */
  throughputPerSecond: number
  firstRunMs: number
  loadMs: number
  warmup: { runs: number; durationMs: number; agreed: boolean }
  stable: boolean
  /** Largest absolute output, and a short digest of the output, to compare runtimes by. */
  output: { elements: number; maxAbs: number; first: number[] }
  weights: 'seeded' | 'file'
  /** Where the runtime separates them; null and said so otherwise. */
  copiesMs: { hostToDevice: number; deviceToHost: number } | null
  profile: { perLayer: LayerTime[]; totalMs: number; unattributedMs: number } | null
}

export type Verdict = 'valid' | 'suspect' | 'invalid'
export interface Certificate {
  verdict: Verdict
  reasons: { code: string; message: string }[]
}

/** What ran, where: enough to repeat the measurement. */
export interface RunEnvironment {
  host: string
  device: string
  deviceUuid: string
  deviceName: string
  runtime: RuntimeName
  runtimeVersion: string
  /** Back end of the runtime: `cpu`, `cuda`, `wasm`, `tensorflow`. */
  backend: string
  nodeVersion: string
  os: string
  threads: number
  settings: TimingSettings
  workerPid: number
  /** The timed part on the host's monotonic clock (shared by every process of the host), ns as decimal strings. */
  interval: { bootId: string; startNs: string; endNs: string }
}

export interface RunSuccess {
  result: RunResult
  certificate: Certificate
  environment: RunEnvironment
  /** Every timed sample, ms, in order. */
  samples: Float64Array
}

export interface RunFailure {
  code: string
  message: string
}

/** Progress of a run, stored and streamed. `phase` events carry where it is, `progress` how far. */
export type RunEventType = 'queued' | 'started' | 'phase' | 'progress' | 'requeued' | 'succeeded' | 'failed' | 'cancelled' | 'timedOut'
export interface RunProgress {
  type: 'phase' | 'progress'
  data: Record<string, unknown>
}

/** Parent → worker. */
export type ToWorker = { kind: 'run'; job: RunJob } | { kind: 'probe'; runtimes: RuntimeName[] } | { kind: 'shutdown' }
/** Worker → parent. */
export type FromWorker =
  | { kind: 'ready'; pid: number }
  | { kind: 'probed'; runtimes: RuntimeSupport[] }
  | { kind: 'progress'; runId: string; progress: RunProgress }
  | { kind: 'done'; runId: string; success: RunSuccess }
  | { kind: 'failed'; runId: string; failure: RunFailure }

/** Whether a runtime works on a device: found by running a tiny graph on it, never by asking for a list. */
export type RuntimeSupport =
  | { runtime: RuntimeName; usable: true; version: string; backend: string; capabilities: RuntimeCapabilities }
  | { runtime: RuntimeName; usable: false; reason: string; command: string | null }

export interface RuntimeCapabilities {
  precisions: Precision[]
  /** Whether copies to and from the device are timed apart from compute. */
  separatesCopies: boolean
  perLayer: boolean
  deviceMemory: boolean
  /** Threads it can be told to use: a maximum, or 1 where it has one. */
  maxThreads: number
}

export interface LoadRequest {
  graph: Graph
  batch: number
  resolution: readonly [number, number] | null
  precision: Precision
  threads: number
  seed: number
  device: RunJob['device']
}

/** A loaded network. `run` returns when the output lies on the host: its duration is the latency. */
export interface Session {
  run(): Promise<void> | void
  /** The outputs of the last `run`, in graph order, each in the engine's element order (N×C×H×W). */
  outputs(): Promise<Float32Array[]> | Float32Array[]
  /** One run with per-layer times; only where capabilities say so. */
  profile?(): Promise<{ perLayer: { layerId: string; ms: number }[]; totalMs: number }>
  dispose(): Promise<void> | void
}

/** What executes graphs: one folder in `runtimes/`, the only places that load native bindings. */
export interface Runtime {
  name: RuntimeName
  probe(device: RunJob['device']): Promise<RuntimeSupport>
  load(request: LoadRequest): Promise<Session>
}
