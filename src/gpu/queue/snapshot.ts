/** Where runs stand in their queues, and when their results are to be expected. */
import type { DeviceQueue, Run, Store } from '../../store/index.ts'
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

type Workload = Pick<Run, 'workload' | 'settings' | 'timeoutMs'>
type Durations = Map<string, number>

/**
 * What a run of this workload takes, ms: the mean of its latest five successful runs on this device, or, where there
 * was none, what its settings ask for at least (warm-up and minimum duration). Never more than its timeout.
 */
function durationOf({ workload, settings, timeoutMs }: Workload, history: Durations): number {
  const { warmupMs, minDurationMs } = settings as TimingSettings
  return Math.min(history.get(workload) ?? warmupMs + minDurationMs, timeoutMs)
}

/** A run in progress takes as long as its like did; one that takes longer is expected to end any moment. */
const remaining = (run: Run, history: Durations, now: number): number =>
  Math.max(0, durationOf(run, history) - (now - run.startedAt!.getTime()))

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
  let etaMs = queue.running ? remaining(queue.running, history, Date.now()) : 0
  const running = queue.running && { run: queue.running, etaMs: Math.round(etaMs) }
  const waiting = queue.waiting.map((run, i) => {
    etaMs += durationOf(run, history)
    return { run, position: i + 1, etaMs: Math.round(etaMs) }
  })
  return { ...device, running, waiting, waitingCount: queue.waitingCount }
}

/** Where one waiting run stands; null for one that waits no more. */
export async function placeOf(store: Store, run: Run): Promise<Place | null> {
  if (run.status !== 'queued') return null
  const [{ running }, ahead] = await Promise.all([store.runs.runningAndWaiting(run.deviceUuid, 1), store.runs.workloadsAhead(run)])
  const history = await store.runs.meanDurations(
    run.deviceUuid,
    [run, ...ahead, ...(running ? [running] : [])].map(({ workload }) => workload),
  )
  const before = ahead.reduce((sum, group) => sum + group.count * durationOf(group, history), 0)
  const etaMs = (running ? remaining(running, history, Date.now()) : 0) + before + durationOf(run, history)
  return { position: ahead.reduce((sum, group) => sum + group.count, 0) + 1, etaMs: Math.round(etaMs) }
}
