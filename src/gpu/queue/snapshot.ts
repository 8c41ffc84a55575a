/** Where runs stand in their queues, and when their results are to be expected. */
import { type DeviceQueue, queuedAhead, type Run, type Store } from '../../store/index.ts'
import type { TimingSettings } from '../contract.ts'

export interface Place {
  /** 1 for the run that starts next. */
  position: number
  /** Until its result is expected, ms. */
  etaMs: number
}

export interface DeviceSnapshot {
  device: string
  deviceUuid: string
  host: string
  running: { run: Run; etaMs: number } | null
  /** In the order they will run. */
  waiting: ({ run: Run } & Place)[]
  /** All that wait, also those beyond the limit of `waiting`. */
  waitingCount: number
}

/**
 * What a run of this workload takes, ms: the mean of its latest five successful runs on this device, or, where there
 * was none, what its settings ask for at least (warm-up and minimum duration, for each block of a comparison). Never
 * more than its timeout.
 */
function durationOf({ settings, timeoutMs, rounds }: Pick<Run, 'settings' | 'timeoutMs' | 'rounds'>, meanMs: number | null): number {
  const { warmupMs, minDurationMs } = settings as TimingSettings
  return Math.min(meanMs ?? (rounds ? 2 * rounds : 1) * (warmupMs + minDurationMs), timeoutMs)
}

export async function snapshotDevice(
  store: Store,
  device: Pick<DeviceSnapshot, 'device' | 'deviceUuid' | 'host'>,
  limit: number,
): Promise<DeviceSnapshot> {
  const queue: DeviceQueue = await store.runs.runningAndWaiting(device.deviceUuid, limit)
  const all = queue.running ? [queue.running, ...queue.waiting] : queue.waiting
  const history = await store.runs.meanDurations(
    device.deviceUuid,
    all.map((run) => run.workload),
  )
  const expected = (run: Run) => durationOf(run, history.get(run.workload) ?? null)
  // A run in progress takes as long as its like did; one that takes longer is expected to end any moment.
  let etaMs = queue.running ? Math.max(0, expected(queue.running) - (Date.now() - queue.running.startedAt!.getTime())) : 0
  const running = queue.running && { run: queue.running, etaMs: Math.round(etaMs) }
  const waiting = queue.waiting.map((run, i) => {
    etaMs += expected(run)
    return { run, position: i + 1, etaMs: Math.round(etaMs) }
  })
  return { ...device, running, waiting, waitingCount: queue.waitingCount }
}

/** Where one waiting run stands; null for one that waits no more. */
export async function placeOf(store: Store, run: Pick<Run, 'id'>): Promise<Place | null> {
  const groups = await store.runs.upTo(run)
  if (groups.length === 0) return null
  const etaMs = groups.reduce((sum, group) => sum + Math.max(0, group.count * durationOf(group, group.meanMs) - (group.elapsedMs ?? 0)), 0)
  return { position: queuedAhead(groups) + 1, etaMs: Math.round(etaMs) }
}
