import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { computeCosts } from '../../../engine/cost.ts'
import { leastFlops } from '../../../engine/least-flops.ts'
import { maxKeptOutputs, type RunEnvironment, type RunJob, type RunResult } from '../../contract.ts'
import { describeCpu, bootId as readBootId } from '../../devices/host-facts.ts'
import type { Measured, RunProgress } from '../../messages.ts'
import { narrowest, runDtype } from '../../run-dtype.ts'
import type { LoadRequest, Runtime } from '../../runtimes/contract.ts'
import { refuseLargeTensors } from '../../tensor-limit.ts'
import { measure } from '../../timing/measure.ts'
import { summarize } from '../../timing/summary.ts'
import { ConditionWatch } from './conditions.ts'
import { storedWatch } from './gpu-watch.ts'
import { lockDevice } from './lock.ts'
import { admit, hostBytes, refuseUnsupported, threadsFor } from './memory.ts'
import { type Loaded, type SessionCache, sessionKey } from './session-cache.ts'

/** Values of the first output that the result shows. */
const shownOutputs = 8

export interface RunContext {
  runtime: Runtime
  /** Kept by the process for later runs. */
  sessions: SessionCache
  /** A folder of this process; the run makes its own inside. */
  scratch: string
  emit(progress: RunProgress): void
}

/**
 * Measures one run: takes the device's lock, loads, times.
 * @throws RunError or EngineError where the run cannot be done; what the runtime throws passes through.
 */
export const executeRun = (job: RunJob, context: RunContext): Promise<Measured> =>
  withDevice(job, context, (scratch, phase) => measureRun(job, scratch, context, phase))

/** Says which phase a run has reached. */
export type Phase = (name: string, data?: Record<string, unknown>) => void

/** Calls a function while this process holds the device's lock, with a folder that is removed afterwards. */
export async function withDevice<T>(job: RunJob, context: RunContext, work: (scratch: string, phase: Phase) => Promise<T>): Promise<T> {
  const phase: Phase = (name, data = {}) => context.emit({ type: 'phase', data: { phase: name, ...data } })
  const lock = await lockDevice(job.device.uuid, () => phase('waiting', { message: 'waiting for the device lock' }))
  const scratch = await mkdtemp(path.join(context.scratch, 'run-'))
  try {
    return await work(scratch, phase)
  } finally {
    // What was measured stands, and the folder goes with the process.
    await rm(scratch, { recursive: true, force: true }).catch(() => {})
    await lock.release()
  }
}

async function measureRun(job: RunJob, scratch: string, { runtime, sessions, emit }: RunContext, phase: Phase): Promise<Measured> {
  const { graph, batch, resolution, precision, settings, device } = job
  const cpu = await describeCpu()
  const capabilities = await runtime.capabilities(device.kind)
  refuseUnsupported(job, capabilities)
  refuseLargeTensors(device.kind, graph, { batch, ...(resolution ? { resolution } : {}) })
  const threads = threadsFor(job, capabilities, cpu.physicalCores)
  const request: LoadRequest = { ...job, threads, seed: settings.seed, scratch }
  const dtype = runDtype(graph, { ...job, ownFile: job.model !== undefined })
  const costs = computeCosts(graph, { batch, dtype, ...(resolution ? { resolution } : {}) })
  const { macs, partial, macsByPrecision, weightBytes, peakActivationBytes } = costs.totals
  const loadAverage = os.loadavg()
  const clock = monotonicClock()

  phase('loading')
  const conditions = await ConditionWatch.start(device)
  const key = sessionKey(runtime, request)
  const { loaded, cached, memory } = await obtain(job, request, costs.totals, { runtime, sessions, key, clock })
  const { session, loadMs } = loaded
  // Garbage from loading would otherwise be collected during the timing.
  collectGarbage()

  const onProgress = (progress: RunProgress) => {
    emit(progress)
    if (progress.data.phase !== 'timing') return
    if (progress.type === 'phase') {
      // Resets the count: copies of the warm-up are not part of the timing.
      session.copiesMs?.()
      conditions.begin()
    } else conditions.look()
  }
  const measured = await measure(session, settings, clock, onProgress, job.block)
  const seconds = (measured.interval.end - measured.interval.start) / 1000
  const { hostLoad, frequenciesMHz, gpu } = await conditions.end(seconds)

  const copiesMs = session.copiesMs?.() ?? null
  const sessionOutputs = await session.outputs()
  const output = describeOutputs(sessionOutputs)
  const outputs = keptOutputs(sessionOutputs)
  const { options, addedOps = [] } = session
  await sessions.keep(key, loaded)
  const environment: RunEnvironment = {
    host: os.hostname(),
    device: device.name,
    deviceUuid: device.uuid,
    deviceName: device.model,
    driver: device.driver,
    runtime: runtime.name,
    runtimeVersion: runtime.version,
    backend: runtime.backend,
    runtimeOptions: options,
    precision,
    dtype,
    nodeVersion: process.version,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu,
    memory,
    loadAverage,
    threads,
    settings,
    workerPid: process.pid,
    interval: { bootId: await readBootId(), startNs: clock.nsAt(measured.interval.start), endNs: clock.nsAt(measured.interval.end) },
    hostLoad,
    gpu: gpu && storedWatch(gpu),
  }
  return {
    result: {
      latencyMs: summarize(measured.samples, settings.seed, measured.callsPerSample),
      samples: measured.samples.length,
      callsPerSample: measured.callsPerSample,
      throughputPerSecond: (batch * measured.samples.length * measured.callsPerSample) / seconds,
      firstRunMs: measured.firstRunMs,
      loadMs,
      sessionCached: cached,
      addedOps,
      warmup: measured.warmup,
      stable: measured.stability.stable,
      output,
      weights: job.model ? 'file' : 'seeded',
      costs: {
        ...{ dtype, macs, partial, weightBytes, peakActivationBytes },
        // Elsewhere than in the file itself, all is computed in the run's precision.
        macsByPrecision: dtype === 'file' ? macsByPrecision : macs > 0 ? { [precision]: macs } : {},
      },
      copiesMs,
      profile: null,
      profileRefused: null,
    },
    observed: {
      stability: measured.stability,
      frequenciesMHz,
      gpu,
      narrowest: narrowest(graph, dtype),
      leastFlops: leastFlops(graph, new Map(costs.layers.map((layer) => [layer.id, layer.macs]))),
    },
    environment,
    samples: measured.samples,
    outputs,
  }
}

/** The host's monotonic clock in ms since now, and back to its own ns. */
function monotonicClock() {
  const origin = process.hrtime.bigint()
  return {
    now: () => Number(process.hrtime.bigint() - origin) / 1e6,
    nsAt: (ms: number) => String(origin + BigInt(Math.round(ms * 1e6))),
  }
}

/**
 * The loaded network: from an earlier run of this process, or loaded now if it fits, for which cached networks are dropped.
 * @throws RunError OUT_OF_MEMORY_EXPECTED.
 */
async function obtain(
  job: RunJob,
  request: LoadRequest,
  need: { weightBytes: number; peakActivationBytes: number },
  { runtime, sessions, key, clock }: { runtime: Runtime; sessions: SessionCache; key: string; clock: { now(): number } },
): Promise<{ loaded: Loaded; cached: boolean; memory: RunEnvironment['memory'] }> {
  const kept = sessions.take(key)
  if (kept) return { loaded: kept, cached: true, memory: { totalBytes: os.totalmem(), availableBytes: process.availableMemory() } }
  const memory = await admit(job, runtime, need).catch(async (error: unknown) => {
    if (sessions.bytes === 0) throw error
    await sessions.clear()
    return admit(job, runtime, need)
  })
  const start = clock.now()
  const session = await runtime.load(request)
  const bytes = hostBytes(runtime, job.device.kind, need)
  return { loaded: { session, loadMs: clock.now() - start, bytes }, cached: false, memory }
}

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
