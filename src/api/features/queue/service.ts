import type { Eta, RunQueue } from '../../../gpu/queue/index.ts'
import type { Run } from '../../../store/index.ts'
import type { ArchitectureNames } from '../architectures/names.ts'
import { presentState } from '../devices/service.ts'
import { storedRun } from '../runs/stored-run.ts'
import type { QueueAnswer } from './schema.ts'

/** What runs and what waits, device by device. */
export class QueueService {
  readonly #queue: RunQueue
  readonly #names: ArchitectureNames

  constructor(queue: RunQueue, names: ArchitectureNames) {
    this.#queue = queue
    this.#names = names
  }

  async list(): Promise<QueueAnswer[]> {
    const snapshots = await this.#queue.snapshot()
    const shown = snapshots.flatMap(({ running, waiting }) => [...(running ? [running] : []), ...waiting])
    const nameOf = await this.#names.of(shown.map(({ run }) => run.architectureId))
    const entry = (run: Run, { etaMs, basis, error, reason }: Eta) => ({
      runId: run.id,
      architectureId: run.architectureId,
      architectureName: nameOf(run.architectureId),
      runtime: storedRun(run).runtime,
      batch: run.batch,
      priority: run.priority,
      queuedAt: run.queuedAt.toISOString(),
      labels: run.labels,
      etaMs,
      basis,
      error,
      reason,
    })
    return snapshots.map(({ device, deviceUuid, host, hold, running, waiting, waitingCount }) => ({
      device,
      deviceUuid,
      host,
      ...presentState(hold, running !== null),
      running: running && { ...entry(running.run, running), startedAt: running.run.startedAt!.toISOString() },
      waiting: waiting.map(({ run, position, ...eta }) => ({ ...entry(run, eta), position })),
      waitingCount,
    }))
  }
}
