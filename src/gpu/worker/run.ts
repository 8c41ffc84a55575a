import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { computeCosts } from '../../engine/cost.ts'
import {
  type LoadRequest,
  maxKeptOutputs,
  type RunEnvironment,
  type RunJob,
  type RunProgress,
  type RunResult,
  type RunSuccess,
  type Runtime,
} from '../contract.ts'
import { describeCpu, governor, type HostCpuTime, hostCpuTime, bootId as readBootId } from '../host-facts.ts'
import { RunError } from '../run-error.ts'
import { measure } from '../timing/measure.ts'
import { summarize } from '../timing/summary.ts'
import { certify, loadOfOthers } from './certificate.ts'
import { lockDevice } from './lock.ts'

/** Calls that a per-layer profile averages over: enough to pass the first, slower ones by. */
const profileRuns = 10
/** Values of the first output that the result shows. */
const shownOutputs = 8

export interface RunContext {
  runtime: Runtime
  /** A folder of this process; the run makes its own inside. */
  scratch: string
  emit(progress: RunProgress): void
}

/** CPU seconds of this process, all threads. */
const ownCpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/**
 * Does one run, whole: takes the device's lock, loads, measures, profiles where asked, and certifies.
 * @throws RunError or EngineError where the run cannot be done; what the runtime throws passes through.
 */
export async function executeRun(job: RunJob, context: RunContext): Promise<RunSuccess> {
  const phase = (name: string, data: Record<string, unknown> = {}) => context.emit({ type: 'phase', data: { phase: name, ...data } })
  const lock = await lockDevice(job.device.uuid, () => phase('waiting', { message: 'waiting for the device lock' }))
  const scratch = await mkdtemp(path.join(context.scratch, 'run-'))
  try {
    return await whileLocked(job, scratch, context, phase)
  } finally {
    await rm(scratch, { recursive: true, force: true })
    await lock.release()
  }
}

async function whileLocked(
  job: RunJob,
  scratch: string,
  { runtime, emit }: RunContext,
  phase: (name: string, data?: Record<string, unknown>) => void,
): Promise<RunSuccess> {
  const cpu = await describeCpu()
  const request = { ...job, threads: threadsFor(job, runtime, cpu.physicalCores), seed: job.settings.seed, scratch }
  const memory = checkMemory(job, runtime)
  const loadAverage = os.loadavg()

  phase('loading')
  const origin = process.hrtime.bigint()
  const clock = { now: () => Number(process.hrtime.bigint() - origin) / 1e6 }
  const loadStart = clock.now()
  const session = await runtime.load(request)
  const loadMs = clock.now() - loadStart
  // What loading left behind would otherwise be collected in the middle of the timing.
  collectGarbage()

  let before: { host: HostCpuTime | null; own: number } = { host: null, own: 0 }
  const onProgress = (progress: RunProgress) => {
    emit(progress)
    if (progress.data.phase === 'timing' && progress.type === 'phase') before = { host: hostCpuTime(), own: ownCpuSeconds() }
  }
  const measured = await measure(session, job.settings, clock, onProgress, job.block)
  const after = { host: hostCpuTime(), own: ownCpuSeconds() }
  const seconds = (measured.interval.end - measured.interval.start) / 1000
  const hostLoad = before.host && after.host ? loadOfOthers(before.host, after.host, after.own - before.own, seconds) : null

  const sessionOutputs = session.outputs()
  const output = describeOutputs(sessionOutputs)
  const outputs = keptOutputs(sessionOutputs)
  const { options } = session
  await session.dispose()
  let profile: RunResult['profile'] = null
  if (job.profile) {
    phase('profiling', { runs: profileRuns })
    profile = await profileOf(runtime, request)
  }
  const nsAt = (ms: number) => String(origin + BigInt(Math.round(ms * 1e6)))
  const environment: RunEnvironment = {
    host: os.hostname(),
    device: job.device.name,
    deviceUuid: job.device.uuid,
    deviceName: job.device.model,
    driver: job.device.driver,
    runtime: runtime.name,
    runtimeVersion: runtime.version,
    backend: runtime.backend,
    runtimeOptions: options,
    precision: job.precision,
    nodeVersion: process.version,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: { ...cpu, governor: await governor() },
    memory,
    loadAverage,
    threads: request.threads,
    settings: job.settings,
    workerPid: process.pid,
    interval: { bootId: await readBootId(), startNs: nsAt(measured.interval.start), endNs: nsAt(measured.interval.end) },
    hostLoad,
  }
  return {
    result: {
      latencyMs: summarize(measured.samples, job.settings.seed, measured.callsPerSample),
      samples: measured.samples.length,
      callsPerSample: measured.callsPerSample,
      throughputPerSecond: (job.batch * measured.samples.length * measured.callsPerSample) / seconds,
      firstRunMs: measured.firstRunMs,
      loadMs,
      warmup: measured.warmup,
      stable: measured.stability.stable,
      output,
      weights: job.model ? 'file' : 'seeded',
      copiesMs: null,
      profile,
    },
    certificate: certify(measured, job.settings, job.device, hostLoad, cpu.logicalCpus, output),
    environment,
    samples: measured.samples,
    outputs,
  }
}

/** Threads in full. @throws RunError where the runtime cannot be told to use as many as were asked for. */
function threadsFor({ runtime, device, settings }: RunJob, { capabilities }: Runtime, physicalCores: number): number {
  const { maxThreads } = capabilities(device.kind)
  if (settings.threads > maxThreads)
    throw new RunError(
      'UNSUPPORTED_THREADS',
      `${runtime} takes at most ${maxThreads} thread${maxThreads === 1 ? '' : 's'} here, not ${settings.threads}: ask for fewer, or for 0, which takes what fits`,
    )
  return settings.threads || Math.min(physicalCores, maxThreads)
}

/**
 * Refuses a run that cannot fit, before anything is loaded: the kernel would end it, or others, halfway.
 * @throws RunError OUT_OF_MEMORY_EXPECTED with both figures; UNSUPPORTED_PRECISION.
 */
function checkMemory({ graph, batch, resolution, precision, device, runtime: name }: RunJob, runtime: Runtime): RunEnvironment['memory'] {
  const { precisions } = runtime.capabilities(device.kind)
  if (!precisions.includes(precision))
    throw new RunError('UNSUPPORTED_PRECISION', `${name} runs ${precisions.join(' and ')} on ${device.name}, not ${precision}`)
  const { totals } = computeCosts(graph, { batch, dtype: precision, ...(resolution ? { resolution } : {}) })
  const needed = runtime.leastMemory(totals.weightBytes, totals.peakActivationBytes)
  const availableBytes = process.availableMemory()
  const limit = runtime.memoryLimitBytes ?? Number.POSITIVE_INFINITY
  if (needed > Math.min(availableBytes, limit)) {
    const bound = limit < availableBytes ? `${name} can address ${mebibytes(limit)}` : `${mebibytes(availableBytes)} are free`
    throw new RunError(
      'OUT_OF_MEMORY_EXPECTED',
      `this run needs at least ${mebibytes(needed)} (weights of ${mebibytes(totals.weightBytes)} and activations of ${mebibytes(totals.peakActivationBytes)}, as ${name} holds them), but ${bound}: use a smaller batch or resolution`,
    )
  }
  return { totalBytes: os.totalmem(), availableBytes }
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`

let gc: (() => void) | null = null
function collectGarbage(): void {
  if (!gc) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  gc()
}

function describeOutputs(outputs: readonly Float32Array[]): RunResult['output'] {
  let elements = 0
  let maxAbs = 0
  for (const output of outputs) {
    elements += output.length
    for (const value of output) {
      const size = Math.abs(value)
      if (size > maxAbs || Number.isNaN(size)) maxAbs = size
    }
  }
  return { elements, maxAbs, first: Array.from(outputs[0]?.subarray(0, shownOutputs) ?? []) }
}

/** The outputs one after another, as far as they are kept, in memory of their own: the runtime's goes with the session. */
function keptOutputs(outputs: readonly Float32Array[]): Float32Array {
  const elements = outputs.reduce((sum, output) => sum + output.length, 0)
  const kept = new Float32Array(Math.min(elements, maxKeptOutputs))
  let at = 0
  for (const output of outputs) {
    kept.set(output.subarray(0, kept.length - at), at)
    at = Math.min(kept.length, at + output.length)
  }
  return kept
}

function profileOf(runtime: Runtime, request: LoadRequest): Promise<RunResult['profile']> {
  if (!runtime.profile)
    throw new RunError('UNSUPPORTED_PROFILE', `${runtime.name} has no per-layer profile: ask for the run without profile`)
  return runtime.profile(request, profileRuns)
}
