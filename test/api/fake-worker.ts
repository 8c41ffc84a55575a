import { hostname } from 'node:os'
import type { RunJob, RunProfile, RunSuccess } from '../../src/gpu/contract.ts'
import type { Offers } from '../../src/gpu/devices/directory.ts'
import type { ExecuteOptions, Executor, Outcome } from '../../src/gpu/queue/index.ts'
import { defaultSettings } from '../../src/gpu/timing/settings.ts'

/** Stands in for the worker process: a run lasts until the test ends it, or for `autoMs`. */
export class FakeWorker implements Executor {
  /** Where set, runs succeed by themselves after so many ms. */
  autoMs: number | null = 1
  readonly jobs: RunJob[] = []
  readonly #running = new Map<string, (outcome: Outcome) => void>()
  readonly #progress = new Map<string, ExecuteOptions['onProgress']>()

  execute(job: RunJob, { signal, onProgress }: ExecuteOptions): Promise<Outcome> {
    this.jobs.push(job)
    this.#progress.set(job.runId, onProgress)
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        this.#running.delete(job.runId)
        resolve(outcome)
      }
      this.#running.set(job.runId, end)
      if (signal.aborted) end({ outcome: 'cancelled', during: 'measure' })
      signal.addEventListener('abort', () => end({ outcome: 'cancelled', during: 'measure' }))
      onProgress({ type: 'phase', data: { phase: 'loading' } })
      if (this.autoMs !== null) setTimeout(() => end({ outcome: 'succeeded', success: success(job) }), this.autoMs)
    })
  }

  /** Whether this run has begun and not ended. */
  runs(runId: string): boolean {
    return this.#running.has(runId)
  }

  progress(runId: string, data: Record<string, unknown>): void {
    this.#progress.get(runId)?.({ type: 'progress', data })
  }

  /** @param outcome in full, or what it makes of a success. */
  finish(runId: string, outcome?: Outcome | ((success: RunSuccess) => RunSuccess)): void {
    const job = this.jobs.findLast((each) => each.runId === runId)!
    const made = typeof outcome === 'function' ? outcome(success(job)) : success(job)
    this.#running.get(runId)?.(typeof outcome === 'object' ? outcome : { outcome: 'succeeded', success: made })
  }

  finishAll(): void {
    for (const end of this.#running.values()) end({ outcome: 'cancelled', during: 'measure' })
  }
}

/** The samples every fake run has, ms. */
export const fakeSamples = Float64Array.from({ length: 12 }, (_, i) => 1 + i / 8)

/** The profile every fake run has that asks for one: 1 Gflop/s and 1 GB/s at the most. */
const fakeProfile: RunProfile = {
  perLayer: [{ layerIds: ['conv2d_1'], ms: 1 }],
  unattributedMs: 0.1,
  totalMs: 1.2,
  runs: 3,
  method: 'a stand-in',
  launchBlocking: null,
  kernelOverhead: { ms: 0.001, measuredWith: 'a stand-in' },
  ceilings: {
    compute: { flopsPerSecond: 1e9, leastFlopsPerSecond: 1e9, measuredWith: 'a stand-in' },
    memory: { bytesPerSecond: 1e9, bytes: 1e8, measuredWith: 'a stand-in' },
    durationMs: 1,
  },
}

const success = (job: RunJob): RunSuccess => ({
  result: {
    latencyMs: {
      min: 1,
      p50: 1.6875,
      p90: null,
      p95: null,
      p99: null,
      p999: null,
      max: 2.375,
      mean: 1.6875,
      stddev: 0.45,
      medianCi95: [1.2, 2.1],
    },
    samples: fakeSamples.length,
    callsPerSample: 1,
    throughputPerSecond: 592.6,
    firstRunMs: 3,
    loadMs: 20,
    sessionCached: false,
    addedOps: [],
    warmup: { runs: 4, durationMs: 10, agreed: true },
    stable: true,
    output: { elements: 10, maxAbs: 2.5, first: [-1, 2.5] },
    weights: 'seeded',
    copiesMs: null,
    profile: job.profile ? fakeProfile : null,
    profileRefused: null,
  },
  certificate: { verdict: 'suspect', reasons: [{ code: 'NOT_MEASURED', message: 'a stand-in made these figures' }] },
  environment: {
    host: hostname(),
    device: job.device.name,
    deviceUuid: job.device.uuid,
    deviceName: 'a stand-in',
    driver: null,
    runtime: job.runtime,
    runtimeVersion: '0',
    backend: job.backend,
    ...(job.backend === 'node' ? { unusableBackends: [{ backend: 'cpu', reason: 'no build in /srv/app/koffi/linux' }] } : {}),
    runtimeOptions: {},
    precision: job.precision,
    nodeVersion: process.version,
    os: 'test',
    cpu: {
      model: 'a stand-in',
      physicalCores: 2,
      logicalCpus: 2,
      isa: [],
      frequencyMHz: { current: null, max: null },
      governor: null,
      caches: [],
    },
    memory: { totalBytes: 1, availableBytes: 1 },
    loadAverage: [0, 0, 0],
    threads: 1,
    settings: { ...defaultSettings },
    workerPid: process.pid,
    interval: { bootId: 'test', startNs: '0', endNs: '1' },
    hostLoad: null,
    gpu: null,
  },
  samples: fakeSamples,
  outputs: Float32Array.of(-1, 2.5, 0, 0, 0, 0, 0, 0, 0, job.runtime === 'tfjs' ? 0.25 : 0),
})

const device = (name: string, uuid: string, host: string): Omit<Offers['devices'][number], 'runtimes' | 'local'> => ({
  name,
  uuid,
  kind: name.startsWith('cpu') ? 'cpu' : 'cuda',
  index: 0,
  host,
  model: `a ${name}`,
  memoryBytes: 2 ** 33,
  driver: name.startsWith('cpu') ? null : '570.0',
})

/** `cpu:0` here; two other hosts have a `cuda:0` each, and one of them a `cuda:1`. */
export const offers = (): Offers => {
  const onnxruntime = {
    runtime: 'onnxruntime' as const,
    usable: true as const,
    version: '1.30.0',
    backend: 'cpu' as const,
    capabilities: {
      precisions: ['float32' as const],
      separatesCopies: false,
      perLayer: true,
      maxThreads: 4,
      settings: ['graphOptimization' as const, 'mode' as const],
    },
  }
  const tfjs = {
    runtime: 'tfjs' as const,
    usable: true as const,
    version: '4.22.0',
    backend: 'wasm' as const,
    capabilities: { precisions: ['float32' as const], separatesCopies: false, perLayer: false, maxThreads: 1 },
  }
  const broken = {
    runtime: 'tfjs' as const,
    backend: 'tensorflow' as const,
    usable: false as const,
    reason: 'TensorFlow is not set up',
    command: 'npm run setup:tensorflow',
  }
  return {
    devices: [
      { ...device('cpu:0', 'CPU-00000000-0000-8000-8000-000000000001', 'here'), local: true, runtimes: [onnxruntime, tfjs] },
      { ...device('cuda:0', 'GPU-0000000a', 'left'), local: false, runtimes: [onnxruntime, broken] },
      { ...device('cuda:0', 'GPU-0000000b', 'right'), local: false, runtimes: [onnxruntime, broken] },
      { ...device('cuda:1', 'GPU-0000000c', 'right'), local: false, runtimes: [onnxruntime, broken] },
    ],
    absent: [{ host: 'here', kind: 'cuda', reason: 'nvidia-smi is not on the PATH', command: null }],
  }
}
