/**
 * The words that the queue, the worker process and the runtimes share: what can execute a graph, what a run asks for and
 * what it yields. Everything here crosses a process boundary as a structured clone (`messages.ts`).
 */
import type { CostDtype, FileDtype } from '../engine/dtypes.ts'
import type { OpenSizes } from '../engine/formats/onnx-import/index.ts'
import type { Graph } from '../engine/graph.ts'
import type { Device, DeviceKind } from './devices/device.ts'
import type { CpuDescription } from './devices/host-facts.ts'
import type { GpuProcess } from './devices/nvidia-smi.ts'
import type { RuntimeSetting } from './runtimes/settings.ts'
import type { TimingSettings } from './timing/settings.ts'

export type { TimingSettings }

/** What can execute a graph; `runtimes/index.ts` loads each on demand. */
export const runtimeNames = ['onnxruntime', 'tfjs'] as const
export type RuntimeName = (typeof runtimeNames)[number]
/** What of a runtime executes: the libraries its kernels come from. */
export const backendNames = ['cpu', 'cuda', 'node', 'tensorflow', 'wasm'] as const
export type BackendName = (typeof backendNames)[number]
export const precisions = ['float32', 'float16'] as const
export type Precision = (typeof precisions)[number]
/** What multiply-adds are in, as a device's peak tells them apart. */
export type ArithmeticType = Precision | 'int8'

/** Back ends by runtime and kind of device, the best first: a run that names none gets the first that works. */
export const backendsOf: Readonly<Record<RuntimeName, Readonly<Record<DeviceKind, readonly BackendName[]>>>> = {
  onnxruntime: { cpu: ['cpu', 'node'], cuda: ['cuda', 'node'] },
  tfjs: { cpu: ['tensorflow', 'wasm'], cuda: ['tensorflow'] },
}

/** Whether a runtime works on a device with one of its back ends: found by running a tiny graph, never by asking for a list. */
export type RuntimeSupport = { runtime: RuntimeName; backend: BackendName } & (
  | { usable: true; version: string; capabilities: RuntimeCapabilities }
  | { usable: false; reason: string; command: string | null }
)

export interface RuntimeCapabilities {
  precisions: Precision[]
  /** Whether copies to and from the device are timed apart from compute. */
  separatesCopies: boolean
  perLayer: boolean
  /** Most threads it can be told to use; 1 where it has one. */
  maxThreads: number
  /** Which runtime settings it follows; none where it is left out. */
  settings?: RuntimeSetting[]
}

/** A file that stays as it is for as long as the run lasts. */
export interface ModelFile {
  path: string
  /** SHA-256 of its bytes, and of those of the files beside it where there are any. */
  digest: string
  /** Files beside it that hold numbers of its, by the names that it has for them. */
  data?: readonly { location: string; path: string }[]
  /** Sizes that the file leaves open. */
  sizes?: OpenSizes
}

/** One timed inference as the worker gets it. */
export interface RunJob {
  runId: string
  graph: Graph
  runtime: RuntimeName
  /** One of `backendsOf` the runtime and the kind of device. */
  backend: BackendName
  device: Pick<Device, 'name' | 'uuid' | 'kind' | 'index' | 'model' | 'driver'>
  /** Images per call. */
  batch: number
  precision: Precision
  /** [height, width] in place of the inputs' own, or null. */
  resolution: readonly [number, number] | null
  profile: boolean
  settings: TimingSettings
  /** The file to read the graph from, where it is at other sizes than `graph`. */
  sized?: ModelFile
  /** The user's own ONNX file, on this host, whose weights are taken; seeded ones without. */
  model?: ModelFile
  /**
   * Set where this is one block of a comparison: it ends with its duration and samples, since steadiness is asked of
   * the rounds and not of a block, and takes at most so many samples.
   */
  block?: { mostSamples: number }
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

/** One row of a profile. Where a runtime fused layers into one kernel, the row carries all their ids. */
export interface LayerTime {
  layerIds: string[]
  ms: number
}
export interface LayerProfile {
  /** In graph order. Mean time of a call, ms. */
  perLayer: LayerTime[]
  /** Time of kernels that belong to no layer, such as changes of layout. */
  unattributedMs: number
  /** Wall time of the whole call while it was profiled, ms: more than the sum, and more than the timed latency. */
  totalMs: number
  /** Calls the means are taken over. */
  runs: number
  /** What the times are, in words: by which clock, from when to when. */
  method: string
}

/** What the device does at its best under a runtime, measured right after the profile and by the same means. */
export interface Ceilings {
  /**
   * The highest rate of a few dense layers. Flops by the convention `full`; `leastFlopsPerSecond` is the highest rate in
   * flops that no algorithm does without, which is what a device's peak bounds.
   */
  compute: { flopsPerSecond: number; leastFlopsPerSecond: number; measuredWith: string }
  /** The most of element-wise layers over tensors larger than caches: bytes read and written, of which one call moves `bytes`. */
  memory: { bytesPerSecond: number; bytes: number; measuredWith: string }
  /** How long the measurement of both took. */
  durationMs: number
}
/** A profile as a run keeps it. */
export interface RunProfile extends LayerProfile {
  ceilings: Ceilings
  /** What each kernel's time holds beside its work, such as launch and wait: that of a kernel with next to no work. */
  kernelOverhead: { ms: number; measuredWith: string }
  /** On CUDA, whether a launch waited for its kernel (CUDA_LAUNCH_BLOCKING=1); null elsewhere. */
  launchBlocking: boolean | null
}

/** What one call of the network costs as it was run. */
export interface RunCosts {
  /** `file`: each tensor in the file's own type. */
  dtype: CostDtype
  macs: number
  /** Whether layers that may multiply could not be counted. */
  partial: boolean
  /** By the type that they are computed in. */
  macsByPrecision: Partial<Record<FileDtype, number>>
  weightBytes: number
  peakActivationBytes: number
}

export interface RunResult {
  latencyMs: LatencySummary
  samples: number
  /** 1, or in the offline scenario the calls that a sample is the mean of. */
  callsPerSample: number
  /** Images per second over the timed part. */
  throughputPerSecond: number
  firstRunMs: number
  loadMs: number
  /** Whether the network was loaded already, by an earlier run of the same process: `loadMs` is then of that earlier load. */
  sessionCached: boolean
  /** Operations that were added to the network for this run, in words: none end to end. */
  addedOps: string[]
  warmup: { runs: number; durationMs: number; agreed: boolean }
  stable: boolean
  /**
   * The outputs in short: elements of all, largest absolute value, the first values of the first. What is not finite
   * is stored as null.
   */
  output: { elements: number; maxAbs: number; first: number[] }
  weights: 'seeded' | 'file'
  /** What one call costs, its tensors in the types that they had; absent in runs of earlier versions. */
  costs?: RunCosts
  /** Where the runtime separates them; null where they are part of the latency. */
  copiesMs: { hostToDevice: number; deviceToHost: number } | null
  profile: RunProfile | null
  /** Why there is no profile though one was asked for. */
  profileRefused: RunFailure | null
}

/** Elements of a run's outputs that are kept and compared: 256 KiB in the store, and every class of a large batch. */
export const maxKeptOutputs = 65_536

/** How the output of a run agrees with that of an earlier run of the same computation on another runtime. */
export interface Agreement {
  /** The other run, and what executed it. */
  runId: string
  runtime: RuntimeName
  /** How many were compared, of all outputs one after another: the first `maxKeptOutputs` where there are more. */
  elements: number
  /** Null where it cannot be stated; `reason` then says why. */
  maxAbsDifference: number | null
  /** Largest absolute value of both, against which the difference is to be seen. */
  maxAbs: number | null
  reason: string | null
}

export const verdicts = ['valid', 'suspect', 'invalid'] as const
export type Verdict = (typeof verdicts)[number]
export interface Certificate {
  verdict: Verdict
  reasons: { code: string; message: string }[]
}

/** One look at a GPU. Null where it does not have the figure. */
export interface GpuSample {
  /** Wall clock, ms since 1970. */
  at: number
  smMHz: number | null
  memoryMHz: number | null
  /** Bits of `clocks_event_reasons.active` (nvml.h, nvmlClocksEventReasons). */
  throttle: number | null
  temperatureC: number | null
  powerWatts: number | null
  /** Share of the time in which a kernel ran, percent. */
  utilization: number | null
}

/** What was seen of a GPU while a run was timed. */
export interface GpuWatch {
  samples: GpuSample[]
  /** Processes that held the GPU beside this one. */
  others: GpuProcess[]
  /** Why nothing was seen; null where something was. */
  problem: string | null
}

/** What ran, where: enough to repeat the measurement. */
export interface RunEnvironment {
  host: string
  device: string
  deviceUuid: string
  deviceName: string
  /** NVIDIA driver; null on a CPU. */
  driver: string | null
  runtime: RuntimeName
  runtimeVersion: string
  backend: BackendName
  /** Better back ends of the runtime that do not work on this device; absent where none was passed over. */
  unusableBackends?: { backend: BackendName; reason: string }[]
  /** What the runtime was told, by its own option names. */
  runtimeOptions: Record<string, string | number | boolean>
  precision: Precision
  /** How its tensors are measured: `file` where a user's file ran in its own types; absent in runs of earlier versions. */
  dtype?: CostDtype
  nodeVersion: string
  os: string
  cpu: CpuDescription
  memory: { totalBytes: number; availableBytes: number }
  /** 1, 5 and 15 minutes, as the run began. */
  loadAverage: readonly number[]
  threads: number
  settings: TimingSettings
  workerPid: number
  /** The timed part on the host's monotonic clock (shared by every process of the host), ns as decimal strings. */
  interval: { bootId: string; startNs: string; endNs: string }
  /** CPU that others used, and the hypervisor took, during the timed part, in CPUs; null where the kernel does not tell. */
  hostLoad: { othersCpus: number; stolenCpus: number } | null
  /** What nvidia-smi told of the GPU during the timed part; null on a CPU. */
  gpu: GpuWatch | null
}

export interface RunSuccess {
  result: RunResult
  certificate: Certificate
  environment: RunEnvironment
  /** Every timed sample, ms, in order. */
  samples: Float64Array
  /** All outputs one after another, in graph order: the first `maxKeptOutputs` elements where there are more. */
  outputs: Float32Array
}

export interface RunFailure {
  code: string
  message: string
}
