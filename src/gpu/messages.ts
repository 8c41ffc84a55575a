/** What the service and the worker process of a device send each other, each a structured clone. */
import type {
  ArithmeticType,
  BackendName,
  GpuWatch,
  RunFailure,
  RunJob,
  RunProfile,
  RunSuccess,
  RuntimeName,
  RuntimeSupport,
} from './contract.ts'

/** What the worker process saw beside the result and its environment, for the certificate. */
export interface Observations {
  stability: { stable: boolean; reason: string | null }
  /** Clocks of the CPU's cores during the timed part, the lowest and the highest at least, MHz; empty where the host shows none. */
  frequenciesMHz: number[]
  /** Every look at a GPU; null on a CPU. */
  gpu: GpuWatch | null
  /** Flops of one call that every algorithm needs. */
  leastFlops: number
  /** The narrowest type that its multiply-adds are in. */
  narrowest: ArithmeticType
}

/** A run as the worker process gives it: measured, not yet judged. */
export interface Measured extends Omit<RunSuccess, 'certificate'> {
  observed: Observations
}

/** Progress of a run, stored and streamed. `phase` events carry where it is, `progress` how far. */
export interface RunProgress {
  type: 'phase' | 'progress'
  data: Record<string, unknown>
}

/** Parent → worker. */
export type ToWorker =
  | { kind: 'run'; job: RunJob }
  /** The layers of the network that `job` names, one by one, and the ceilings of the device. */
  | { kind: 'profile'; job: RunJob }
  | { kind: 'probe'; runtime: RuntimeName; backend: BackendName; device: RunJob['device'] }
/** Worker → parent. */
export type FromWorker =
  | { kind: 'ready'; pid: number }
  | { kind: 'probed'; support: RuntimeSupport }
  | { kind: 'progress'; runId: string; progress: RunProgress }
  | { kind: 'done'; runId: string; measured: Measured; residentBytes: number }
  | { kind: 'profiled'; runId: string; profile: RunProfile }
  | {
      kind: 'failed'
      runId: string
      failure: RunFailure
      /** Of the error, for the log alone. */
      stack: string | null
    }
