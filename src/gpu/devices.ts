import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import type { DeviceKind } from './contract.ts'
import { type CpuDescription, describeCpu } from './host-facts.ts'

/** Something that runs inferences on this host. Queues, locks and results go by its UUID. */
export interface Device {
  /** `cpu:0`, `cuda:0`. */
  name: string
  /** `CPU-…` from the machine id, `GPU-…` as the NVIDIA driver gives it. */
  uuid: string
  kind: DeviceKind
  index: number
  host: string
  model: string
  memoryBytes: number
  /** Physical cores this process may use; CPU only. */
  cores?: number
  cpu?: CpuDescription
  /** NVIDIA driver version; null for a CPU. */
  driver: string | null
  /** CUDA compute capability, `9.0`; GPU only. */
  computeCapability?: string
}

/** A kind of device that this host does not offer, and why: what `GET /devices` says where a GPU was expected. */
export interface AbsentDevices {
  kind: DeviceKind
  reason: string
  /** The command that would mend it, where there is one. */
  command: string | null
}

export interface DeviceSurvey {
  devices: Device[]
  absent: AbsentDevices[]
}

/** The devices of this host: its CPU, always, and the GPUs of its NVIDIA driver. */
export const discoverDevices = async (): Promise<Device[]> => (await surveyDevices()).devices

/** The devices of this host, and why a kind is missing. Never throws: a driver that fails is a reason. */
export async function surveyDevices(): Promise<DeviceSurvey> {
  const [cpu, gpus] = await Promise.all([cpuDevice(), cudaDevices()])
  return 'reason' in gpus
    ? { devices: [cpu], absent: [{ kind: 'cuda', reason: gpus.reason, command: null }] }
    : { devices: [cpu, ...gpus.devices], absent: [] }
}

/** A UUID made of a text, in the shape of RFC 9562's version 8 (which leaves the bits to the maker). */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * The CPU's UUID: a hash of the machine id (systemd asks that the id itself is not shown), or, where there is none, as
 * in many containers, of what else tells hosts apart and outlives a restart.
 */
export function cpuUuid(machineId: string | null, fallback: readonly string[]): string {
  const id = machineId?.trim() ?? ''
  return `CPU-${uuidOf(/^[0-9a-f]{32}$/.test(id) ? `archmeter cpu ${id}` : `archmeter cpu ${fallback.join(' ')}`)}`
}

async function cpuDevice(): Promise<Device> {
  const [machineId, cpu] = await Promise.all([readFile('/etc/machine-id', 'utf8').catch(() => null), describeCpu()])
  const addresses = Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.mac)
  return {
    name: 'cpu:0',
    uuid: cpuUuid(machineId, [os.hostname(), cpu.model, ...[...new Set(addresses)].sort()]),
    kind: 'cpu',
    index: 0,
    host: os.hostname(),
    model: cpu.model,
    memoryBytes: usableMemory(),
    cores: cpu.physicalCores,
    cpu,
    driver: null,
  }
}

/** Memory of the host, or of the container where that is less. */
function usableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem()
}

/** Fields of `nvidia-smi --help-query-gpu`, in the order they are asked for; the name last, as it is free text. */
const fields = ['index', 'uuid', 'memory.total', 'driver_version', 'compute_cap', 'mig.mode.current', 'name'] as const
const nvidiaSmiTimeoutMs = 10_000

type CudaDevices = { devices: Device[] } | { reason: string }

function cudaDevices(): Promise<CudaDevices> {
  const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { timeout: nvidiaSmiTimeoutMs, encoding: 'utf8', maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve(parseGpus(stdout, os.hostname(), process.env.CUDA_VISIBLE_DEVICES))
      if (error.code === 'ENOENT') return resolve({ reason: 'nvidia-smi is not on the PATH: this host has no NVIDIA driver' })
      if (error.killed) return resolve({ reason: `nvidia-smi did not answer within ${nvidiaSmiTimeoutMs / 1000} s` })
      const said = `${stdout}\n${stderr}`.split('\n').find((line) => line.trim() !== '')
      resolve({ reason: `nvidia-smi failed with code ${error.code}: ${said?.trim() ?? 'it said nothing'}` })
    })
  })
}

/**
 * Reads what `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints: a line a GPU, fields apart by ", ",
 * memory in MiB, `[N/A]` where a GPU does not have the property.
 * @param visible CUDA_VISIBLE_DEVICES of the service, which nvidia-smi itself does not follow: indices or UUIDs.
 */
export function parseGpus(text: string, host: string, visible?: string): CudaDevices {
  const devices: Device[] = []
  const partitioned: string[] = []
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const parts = line.split(',').map((part) => part.trim())
    const [index, uuid, memory, driver, computeCapability, mig] = parts
    const model = parts.slice(fields.length - 1).join(', ')
    const readable = /^\d+$/.test(index ?? '') && /^GPU-[0-9a-f-]+$/i.test(uuid ?? '') && /^\d+$/.test(memory ?? '') && model !== ''
    if (!readable) return { reason: `nvidia-smi answered a line that cannot be read: ${line.slice(0, 200)}` }
    if (mig === 'Enabled') {
      partitioned.push(`cuda:${index}`)
      continue
    }
    devices.push({
      name: `cuda:${index}`,
      uuid: uuid!,
      kind: 'cuda',
      index: Number(index),
      host,
      model,
      memoryBytes: Number(memory) * 2 ** 20,
      driver: driver!,
      ...(/^\d+\.\d+$/.test(computeCapability ?? '') ? { computeCapability: computeCapability! } : {}),
    })
  }
  if (devices.length === 0 && partitioned.length > 0)
    return { reason: `${partitioned.join(', ')} is partitioned (MIG is enabled), and a partition cannot be timed as a whole GPU` }
  if (devices.length === 0) return { reason: 'nvidia-smi lists no GPU' }
  const chosen = visible === undefined ? devices : devices.filter((device) => isListed(device, visible))
  return chosen.length > 0 ? { devices: chosen } : { reason: `CUDA_VISIBLE_DEVICES="${visible}" leaves none of ${devices.length} GPUs` }
}

/** CUDA takes an index, or a UUID cut short anywhere. */
const isListed = (device: Device, visible: string): boolean =>
  visible
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry === String(device.index) || (/^GPU-/i.test(entry) && device.uuid.toLowerCase().startsWith(entry.toLowerCase())))
