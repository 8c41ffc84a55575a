/** The parts of the answers that the pages read; /openapi.json has the whole. */

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

export interface Architecture {
  id: string
  name: string
  digest: string
  createdAt: string
  source: {
    kind: string
    family?: string
    preset?: string | null
    report?: { producer?: string | null }
    file?: { digest: string; bytes: number } | null
  }
  counts: { layers: number; params: number; macs: number; partial: boolean; uncounted: string[] }
}

export interface GraphLayer {
  id: string
  type: string
  inputs: string[]
  outChannels?: number
  outFeatures?: number
  kernelSize?: number[]
  stride?: number[]
  padding?: number[] | string
  groups?: number
}

export interface Graph {
  inputs: { id: string; shape: number[] }[]
  layers: GraphLayer[]
  outputs?: string[]
}

export interface LayerCost {
  id: string
  type: string
  inputs: string[]
  outputShape: number[]
  outputElements: number
  memoryKiB: number
  params: number
  macs: number
  flops: number
  bytesRead: number
  bytesWritten: number
  arithmeticIntensity: number | null
  receptiveField: number[] | null
  effectiveStride: number[] | null
}

export interface Costs {
  convention: string
  batch: number
  dtype: string
  inputs: { id: string; shape: number[] }[]
  totals: {
    layers: number
    partial: boolean
    params: number
    macs: number
    flops: number
    memoryKiB: number
    arithmeticIntensity: number | null
    weightBytes: number
    peakActivationBytes: number
    peakActivationLayer: string | null
  }
  training: { totalBytes: number }
  layers: LayerCost[]
  uncounted: { id: string; type: string; reason: string }[]
}

export interface Explanation {
  from: string
  to: string
  totals: { from: number; to: number; difference: number }
  items: { type: string; layers: number; from: number; to: number; difference: number; why: string }[]
}

export interface Convention {
  name: string
  summary: string
  definition: string
  source: string
}

export interface ZooFamilySummary {
  name: string
  summary: string
  source: string
  presets: string[]
}

export interface ZooPreset {
  name: string
  summary: string
  published: { quantity: string; value: number; source: string }[]
}

/** With what this service counts for it, and the published accuracy. */
export interface ZooFigures extends ZooPreset {
  params: number
  macs: number
  top1: number | null
}

export interface ZooFamily extends Omit<ZooFamilySummary, 'presets'> {
  options: { properties: Record<string, { description?: string; default?: unknown }> }
  presets: ZooPreset[]
}

export interface RuntimeOnDevice {
  runtime: string
  backend: string
  usable: boolean
  version: string | null
  reason: string | null
  command: string | null
  capabilities: { precisions: string[]; perLayer: boolean; maxThreads?: number | null } | null
}

export interface Device {
  name: string
  address: string
  uuid: string
  kind: string
  host: string
  model: string
  memoryBytes: number
  memoryFreeBytes: number | null
  cores: number | null
  driver: string | null
  computeCapability: string | null
  runtimes: RuntimeOnDevice[]
}

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'timedOut'
export const finished = (status: RunStatus): boolean => status !== 'queued' && status !== 'running'

export interface Latency {
  min: number
  p50: number | null
  p90: number | null
  p95: number | null
  p99: number | null
  p999: number | null
  max: number
  mean: number
  stddev: number
  medianCi95: [number, number] | null
}

export interface Certificate {
  verdict: 'valid' | 'suspect' | 'invalid'
  reasons: { code: string; message: string }[]
}

export interface Run {
  id: string
  architectureId: string
  architectureName?: string
  device: string
  host: string
  runtime: string
  backend: string | null
  batch: number
  precision: string
  resolution: unknown
  weights: string
  profile: boolean
  priority: number
  labels: Record<string, string>
  settings: Record<string, unknown>
  status: RunStatus
  queue: { position: number | null; etaMs: number | null; reason?: string | null } | null
  attempt: number
  queuedAt: string
  startedAt: string | null
  finishedAt: string | null
  result: {
    latencyMs: Latency
    samples: number
    throughputPerSecond: number
    firstRunMs: number
    loadMs: number
    warmup: { runs: number; durationMs: number; agreed: boolean }
    stable: boolean
  } | null
  comparison: { verdict: string; ratio: number; interval: [number, number] } | null
  against: { architectureId: string } | null
  certificate: Certificate | null
  environment: Record<string, unknown> | null
  error: { code: string; message: string } | null
  notes?: string[]
}

export interface Samples {
  runId: string
  samples: number[]
}

export interface QueueEntry {
  runId: string
  architectureId: string
  architectureName?: string
  runtime: string
  batch: number
  priority: number
  queuedAt: string
  startedAt?: string
  etaMs: number | null
  position?: number
}

export interface DeviceQueue {
  device: string
  deviceUuid: string
  host: string
  running: QueueEntry | null
  waiting: QueueEntry[]
  waitingCount: number
}

export interface RunComparison {
  a: string
  b: string
  /** Time per image of b over that of a. */
  ratio: number
  interval: [number, number]
  confidence: number
  verdict: string
  differences: { what: string; a: string; b: string }[]
  cautions: string[]
}

export interface ProfileRow {
  layerIds: string[]
  types: string[]
  ms: number
  share: number
  flops: number
  bytes: number
  gflopsPerSecond: number | null
  gigabytesPerSecond: number | null
  arithmeticIntensity: number
  attainableGflopsPerSecond: number
  rooflineShare: number | null
  /** Why a layer may be above the roofline; null where it is below. */
  above: 'inCache' | 'fewerFlops' | 'ceilingTooLow' | null
  bound: 'compute' | 'memory' | null
  far: boolean
  lostMs: number
}

export interface LayerProfile {
  convention: string
  rows: ProfileRow[]
  totals: { callMs: number; kernelMs: number }
  ceilings: {
    compute: { flopsPerSecond: number; measuredWith: string }
    memory: { bytesPerSecond: number; measuredWith: string }
  } | null
  unattributed: { ms: number; share: number }
}

export interface Sweep {
  id: string
  architectureId: string
  device: string
  runtime: string
  status: string
  createdAt: string
  points: {
    batch: number
    runId: string
    status: RunStatus
    latencyMs: number | null
    msPerImage: number | null
    throughputPerSecond: number | null
    verdict: string | null
  }[]
  knee: { batch: number; latencyMs: number; throughputPerSecond: number } | null
  notes: string[]
}
