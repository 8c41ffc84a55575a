/** What the queue needs of a device and of the worker that owns it; `worker/host.ts` has the real one. */
import type { FinalStatus } from '../../store/index.ts'
import type { RunFailure, RunJob, RunProgress, RunSuccess } from '../contract.ts'

export type QueueDevice = RunJob['device'] & { host: string }

export type Outcome =
  | { outcome: 'succeeded'; success: RunSuccess }
  | { outcome: 'failed'; failure: RunFailure }
  /** The worker process died; the next run gets a new one. */
  | { outcome: 'crashed'; failure: RunFailure }
  | { outcome: 'timedOut' }
  | { outcome: 'cancelled' }

export interface ExecuteOptions {
  /** From the start of execution. */
  timeoutMs: number
  /** Aborted: the worker process is ended, and the outcome is `cancelled`. */
  signal: AbortSignal
  onProgress: (progress: RunProgress) => void
}

/** Resolves when the worker process is idle or dead, so that whatever comes next on the device is alone there. */
export interface Executor {
  execute(job: RunJob, options: ExecuteOptions): Promise<Outcome>
}

/** What happened, for meters; `status` of an ended execution is `requeued` where a shutdown or a lost lease cut it off. */
export type QueueMetric =
  | { kind: 'started'; device: string; runtime: string; waitMs: number }
  | { kind: 'ended'; device: string; runtime: string; status: FinalStatus | 'requeued'; runMs: number }
