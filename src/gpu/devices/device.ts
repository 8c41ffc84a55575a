import type { CpuDescription } from './host-facts.ts'
import type { GpuDescription } from './nvidia-smi.ts'

export type DeviceKind = 'cpu' | 'cuda'

/** A device of this host that runs inferences. Queues, locks and results are keyed by its UUID. */
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
  /** As of the last check of the device; null where its driver does not report it. */
  memoryFreeBytes?: number | null
  /** Physical cores this process may use; CPU only. */
  cores?: number
  cpu?: CpuDescription
  /** NVIDIA driver version; null for a CPU. */
  driver: string | null
  /** CUDA compute capability, `9.0`; GPU only. */
  computeCapability?: string
  gpu?: GpuDescription
}

/** A kind of device that this host lacks, and why: shown by `GET /devices` where a GPU was expected. */
export interface AbsentDevices {
  kind: DeviceKind
  reason: string
  /** The command that fixes it, where there is one. */
  command: string | null
}

export interface DeviceSurvey {
  devices: Device[]
  absent: AbsentDevices[]
}
