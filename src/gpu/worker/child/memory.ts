import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { RunEnvironment, RunJob, RuntimeCapabilities } from '../../contract.ts'
import type { DeviceKind } from '../../devices/device.ts'
import { nvidiaSmi } from '../../devices/nvidia-smi.ts'
import { RunError } from '../../run-error.ts'
import type { Runtime } from '../../runtimes/contract.ts'
import { unfollowed } from '../../runtimes/settings.ts'

/** What a run needs at least, bytes. */
export interface Need {
  weightBytes: number
  peakActivationBytes: number
}

/** Refuses options that the runtime cannot offer here. @throws RunError UNSUPPORTED_PRECISION, UNSUPPORTED_SETTING. */
export function refuseUnsupported({ device, runtime, precision, settings }: RunJob, capabilities: RuntimeCapabilities): void {
  const { precisions } = capabilities
  if (!precisions.includes(precision))
    throw new RunError('UNSUPPORTED_PRECISION', `${runtime} runs ${precisions.join(' and ')} on ${device.name}, not ${precision}`)
  const [refused] = unfollowed(settings, capabilities.settings)
  if (refused) throw new RunError('UNSUPPORTED_SETTING', `${runtime} on ${device.name}: ${refused.message}`)
}

/** Threads in full. @throws RunError where the runtime cannot be told to use as many as were asked for. */
export function threadsFor({ runtime, settings }: RunJob, { maxThreads }: RuntimeCapabilities, physicalCores: number): number {
  if (settings.threads > maxThreads)
    throw new RunError(
      'UNSUPPORTED_THREADS',
      `${runtime} takes at most ${maxThreads} thread${maxThreads === 1 ? '' : 's'} here, not ${settings.threads}: ask for fewer, or for 0, which takes what fits`,
    )
  return settings.threads || Math.min(physicalCores, maxThreads)
}

/**
 * Refuses a run that cannot fit, before anything is loaded: the kernel would end it, or others, halfway. On a GPU the
 * network must fit there too: its weights and activations, whatever else the libraries take.
 * @throws RunError OUT_OF_MEMORY_EXPECTED with both figures.
 */
export async function admit(job: RunJob, runtime: Runtime, need: Need): Promise<RunEnvironment['memory']> {
  const { device } = job
  const bounds = hostBounds(runtime)
  refuse(
    job,
    onHost(device.kind, need),
    hostBytes(runtime, device.kind, need),
    bounds.reduce((least, each) => (each.bytes < least.bytes ? each : least)),
  )
  if (device.kind === 'cuda') {
    const needed = need.weightBytes + need.peakActivationBytes
    const { gpuMemoryBytes } = job.settings
    if (gpuMemoryBytes > 0)
      refuse(job, need, needed, { bytes: gpuMemoryBytes, say: (size) => `${size} of the GPU are allowed by settings.gpuMemoryBytes` })
    const free = await freeDeviceMemory(device.uuid)
    if (free !== null) refuse(job, need, needed, { bytes: free, say: (size) => `${size} are free on ${device.name}` })
  }
  return { totalBytes: os.totalmem(), availableBytes: bounds[0]!.bytes }
}

/** What of a network the host holds: on a GPU its weights alone, which are made here, and no activations. */
const onHost = (kind: DeviceKind, { weightBytes, peakActivationBytes }: Need): Need => ({
  weightBytes,
  peakActivationBytes: kind === 'cuda' ? 0 : peakActivationBytes,
})

/** Memory on the host that a loaded network takes at least, bytes. */
export function hostBytes(runtime: Runtime, kind: DeviceKind, need: Need): number {
  const { weightBytes, peakActivationBytes } = onHost(kind, need)
  return runtime.leastMemory(weightBytes, peakActivationBytes)
}

function refuse({ runtime }: RunJob, need: Need, needed: number, { bytes, say }: { bytes: number; say(size: string): string }): void {
  if (needed <= bytes) return
  throw new RunError(
    'OUT_OF_MEMORY_EXPECTED',
    `this run needs at least ${mebibytes(needed)} (weights of ${mebibytes(need.weightBytes)} and activations of ${mebibytes(need.peakActivationBytes)}, as ${runtime} holds them), but ${say(mebibytes(Math.max(0, bytes), Math.floor))}: use a smaller batch or resolution`,
  )
}

/** The limits of a run's memory on the host, free memory first. */
const hostBounds = (runtime: Runtime) => [
  { bytes: process.availableMemory(), say: (size: string) => `${size} are free` },
  { bytes: runtime.memoryLimitBytes ?? Number.POSITIVE_INFINITY, say: (size: string) => `${runtime.name} can address ${size}` },
  { bytes: memoryCap() - countedMemory(), say: (size: string) => `${size} are left to the worker process by WORKER_MEMORY_BYTES` },
]

/** Memory on the host that a runtime may take now, bytes. */
export const freeHostMemory = (runtime: Runtime): number => Math.max(0, Math.min(...hostBounds(runtime).map(({ bytes }) => bytes)))

/** The cap this process was started under, bytes; infinite where there is none. */
const memoryCap = (): number => Number(process.env.WORKER_MEMORY_BYTES) || Number.POSITIVE_INFINITY

/** What of this process counts against the cap: VmData of proc_pid_status(5). */
function countedMemory(): number {
  try {
    return Number(/^VmData:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Null where the driver does not tell: nothing is refused then. */
async function freeDeviceMemory(uuid: string): Promise<number | null> {
  const answer = await nvidiaSmi(['--query-gpu=memory.free', '--format=csv,noheader,nounits', `--id=${uuid}`])
  return 'text' in answer && /^\d+\s*$/.test(answer.text) ? Number(answer.text) * 2 ** 20 : null
}

/** What is needed rounds up and what is there down, so that the one never reads as if it fit into the other. */
const mebibytes = (bytes: number, round = Math.ceil): string => `${round(bytes / 2 ** 20)} MiB`
