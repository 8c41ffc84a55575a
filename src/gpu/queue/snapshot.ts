/** Where runs stand in their queues, and when their results are to be expected. */
import { type DeviceQueue, queuedAhead, type Run, type Store } from '../../store/index.ts'
import { type EstimateBasis, type Estimates, type Estimator, weakest } from './estimate.ts'

/** When a result is expected, and what that is worth. */
export interface Eta {
  /** Until the result is expected, ms. */
  etaMs: number
  /** The weakest of what it is made from. */
  basis: EstimateBasis
  /** Median relative error of earlier estimates on this basis on this device; null where too few were made. */
  error: number | null
}

export interface Place extends Eta {
  /** 1 for the run that starts next. */
  position: number
}

export interface DeviceSnapshot {
  device: string
  deviceUuid: string
  host: string
  running: ({ run: Run } & Eta) | null
  /** In the order they will run. */
  waiting: ({ run: Run } & Place)[]
  /** All that wait, also those beyond the limit of `waiting`. */
  waitingCount: number
}

const etaOf = (ms: number, basis: EstimateBasis, estimator: Estimator): Eta => ({
  etaMs: Math.round(ms),
  basis,
  error: estimator.error(basis),
})

export async function snapshotDevice(
  store: Store,
  estimates: Estimates,
  device: Pick<DeviceSnapshot, 'device' | 'deviceUuid' | 'host'>,
  limit: number,
): Promise<DeviceSnapshot> {
  const queue: DeviceQueue = await store.runs.runningAndWaiting(device.deviceUuid, limit)
  const estimator = await estimates.on(device.deviceUuid)
  let sum = 0
  let basis: EstimateBasis = 'history'
  const add = (run: Run, elapsedMs = 0): Eta => {
    const expected = estimator.of(run)
    // A run in progress takes as long as its like did; one that takes longer is expected to end any moment.
    sum += Math.max(0, expected.ms - elapsedMs)
    basis = weakest([basis, expected.basis])
    return etaOf(sum, basis, estimator)
  }
  const running = queue.running && { run: queue.running, ...add(queue.running, Date.now() - queue.running.startedAt!.getTime()) }
  const waiting = queue.waiting.map((run, i) => ({ run, position: i + 1, ...add(run) }))
  return { ...device, running, waiting, waitingCount: queue.waitingCount }
}

/** Where one waiting run stands; null for one that waits no more. */
export async function placeOf(store: Store, estimates: Estimates, run: Pick<Run, 'id' | 'deviceUuid'>): Promise<Place | null> {
  const groups = await store.runs.upTo(run)
  if (groups.length === 0) return null
  const estimator = await estimates.on(run.deviceUuid)
  const expected = groups.map((group) => estimator.of(group))
  const ms = groups.reduce((sum, { count, elapsedMs }, i) => sum + Math.max(0, count * expected[i]!.ms - (elapsedMs ?? 0)), 0)
  const basis = weakest(expected.map((each) => each.basis))
  return { position: queuedAhead(groups) + 1, ...etaOf(ms, basis, estimator) }
}
