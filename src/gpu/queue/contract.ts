/** What the queue needs of devices and their workers, and what it reports to metrics. */
import type { FinalStatus } from '../../store/index.ts'
import type { Certificate, RunJob } from '../contract.ts'
import type { Device } from '../devices/device.ts'
import type { Outcome, ExecuteOptions as WorkerOptions } from '../worker/parent/device-worker.ts'

export type { Outcome }
/** The queue gives every option. */
export type ExecuteOptions = Required<WorkerOptions>

export type QueueDevice = Pick<Device, 'name' | 'uuid' | 'kind' | 'index' | 'host' | 'model' | 'driver'>

/**
 * What the queue asks of a `DeviceWorker`: it resolves when the worker process is idle or dead, so that whatever comes
 * next on the device is alone there.
 */
export interface Executor {
  execute(job: RunJob, options: ExecuteOptions): Promise<Outcome>
}

/**
 * What happened, for metrics. The `status` of an ended execution is `requeued` where a shutdown or a lost lease interrupted
 * it, and `unstored` where the database did not accept its end, which is then stored later or lost. `certified`: a
 * certificate was stored with its run.
 */
export type QueueMetric =
  | { kind: 'started'; device: string; runtime: string; waitMs: number }
  | { kind: 'ended'; device: string; runtime: string; status: FinalStatus | 'requeued' | 'unstored'; runMs: number }
  | { kind: 'certified'; device: string; runtime: string; certificate: Certificate }
