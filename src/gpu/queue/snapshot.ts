/** Where runs stand in their queues, and when their results are to be expected. */
import type { DeviceQueue, Line, Run, Store } from '../../store/index.ts'
import { type Estimate, type EstimateBasis, type Estimated, type Estimates, type Estimator, weakest } from './estimate.ts'

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

/**
 * Where waiting runs stand, by their ids; those that wait no more are left out. However many are asked for and however
 * many wait, at most what changed in the queues and what runs is read.
 */
export async function placesOf(
  store: Store,
  estimates: Estimates,
  asked: readonly Pick<Run, 'id' | 'deviceUuid' | 'status'>[],
): Promise<Map<string, Place>> {
  const byDevice = Map.groupBy(
    asked.filter(({ status }) => status === 'queued'),
    ({ deviceUuid }) => deviceUuid,
  )
  const places = new Map<string, Place>()
  if (byDevice.size === 0) return places
  const devices = [...byDevice.keys()]
  const estimators = new Map(await Promise.all(devices.map(async (uuid) => [uuid, await estimates.on(uuid)] as const)))
  const running = Map.groupBy(await store.runs.running(devices), ({ deviceUuid }) => deviceUuid)
  const { lines } = await store.waiting.read()
  for (const [uuid, runs] of byDevice) {
    const line = lines.get(uuid)
    if (line) placesIn(line, new Set(runs.map(({ id }) => id)), running.get(uuid) ?? [], estimators.get(uuid)!, places)
  }
  return places
}

/** Goes along one queue until all that are wanted are found. */
function placesIn(
  line: Line,
  wanted: Set<string>,
  running: readonly (Run & { elapsedMs: number })[],
  estimator: Estimator,
  places: Map<string, Place>,
): void {
  const expectations = new Map<Estimated, Estimate>()
  const expected = (workload: Estimated): Estimate => {
    const known = expectations.get(workload) ?? estimator.of(workload)
    expectations.set(workload, known)
    return known
  }
  let ms = 0
  let basis: EstimateBasis = 'history'
  for (const run of running) {
    const each = estimator.of(run)
    ms += Math.max(0, each.ms - run.elapsedMs)
    basis = weakest([basis, each.basis])
  }
  for (const [i, { id, workload }] of line.runs.entries()) {
    if (wanted.size === 0) return
    const each = expected(workload)
    ms += each.ms
    basis = weakest([basis, each.basis])
    if (wanted.delete(id)) places.set(id, { position: i + 1, ...etaOf(ms, basis, estimator) })
  }
}
