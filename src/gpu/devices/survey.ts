import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import type { AbsentDevices, Device, DeviceSurvey } from './device.ts'
import { describeCpu } from './host-facts.ts'
import { type GpuFacts, type NoAnswer, queryGpus } from './nvidia-smi.ts'

/**
 * The devices of this host, its CPU always and the GPUs of its NVIDIA driver, and why a GPU is missing. Never throws: a
 * driver that fails is a reason.
 */
export async function surveyDevices(): Promise<DeviceSurvey> {
  const [cpu, gpus] = await Promise.all([cpuDevice(), queryGpus()])
  const { devices, absent } = cudaDevices(gpus, os.hostname(), process.env.CUDA_VISIBLE_DEVICES)
  return { devices: [cpu, ...devices], absent }
}

/** A UUID made of a text, in the shape of RFC 9562's version 8 (which leaves the bits to the maker). */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * The CPU's UUID: a hash of the machine id (systemd asks not to show the id itself) or, where there is none, as in many
 * containers, of other facts that identify the host across restarts.
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
    memoryFreeBytes: process.availableMemory(),
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

/**
 * The GPUs that can be timed as a whole, and why the others cannot.
 * @param visible CUDA_VISIBLE_DEVICES of the service, which nvidia-smi itself does not follow: indices or UUIDs.
 */
export function cudaDevices(answer: GpuFacts[] | NoAnswer, host: string, visible?: string): DeviceSurvey {
  const absent = (reason: string, command: string | null = null): AbsentDevices => ({ kind: 'cuda', reason, command })
  if ('reason' in answer) return { devices: [], absent: [absent(answer.reason, answer.command)] }
  if (answer.length === 0) return { devices: [], absent: [absent('nvidia-smi lists no GPU')] }
  const all = answer.map(
    (facts, index): Device => ({
      name: `cuda:${index}`,
      uuid: facts.uuid,
      kind: 'cuda',
      index,
      host,
      model: facts.model,
      memoryBytes: facts.memoryBytes,
      memoryFreeBytes: facts.memoryFreeBytes,
      driver: facts.driver,
      ...(facts.computeCapability === null ? {} : { computeCapability: facts.computeCapability }),
      gpu: facts.gpu,
    }),
  )
  const chosen = visible === undefined ? all : all.filter((device) => isListed(device, visible))
  if (chosen.length === 0) return { devices: [], absent: [absent(`CUDA_VISIBLE_DEVICES="${visible}" leaves none of ${all.length} GPUs`)] }
  return {
    devices: chosen.filter((device) => !device.gpu!.mig),
    absent: chosen
      .filter((device) => device.gpu!.mig)
      .map(({ name, index }) =>
        absent(
          `${name} is partitioned (MIG is enabled), and a partition cannot be timed as a whole GPU`,
          `sudo nvidia-smi -i ${index} -mig 0`,
        ),
      ),
  }
}

/** CUDA takes an index, or a UUID cut short anywhere. */
const isListed = (device: Device, visible: string): boolean =>
  visible
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry === String(device.index) || (/^GPU-/i.test(entry) && device.uuid.toLowerCase().startsWith(entry.toLowerCase())))
