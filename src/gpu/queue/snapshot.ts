/** The places of runs in their queues, and when their results are expected. */
import type { DeviceHold, DeviceQueue, Line, Run, RunningRun, Store } from '../../store/index.ts'
import { type Estimate, type EstimateBasis, type Estimated, type Estimates, type Estimator, weakest } from './estimate.ts'

/** When a result is expected, and how reliable that is. */
export interface Eta {
  /** Until the result is expected, ms; null where nobody is there to run it. */
  etaMs: number | null
  /** The weakest of what it is made from; null without a time. */
  basis: EstimateBasis | null
  /** Median relative error of earlier estimates on this basis on this device; null where too few were made. */
  error: number | null
  /** Why there is no time, and what helps; null where there is one. */
  reason: string | null
}

export interface Place extends Eta {
  /** 1 for the run that starts next. */
  position: number
}

/** What decides whether waiting runs of a device will start. */
export interface Outlook {
  /** Whether a service which is alive runs on the device; of others by the lease of what they run. */
  serves(deviceUuid: string, running?: { leased: boolean } | null): boolean
  /** Null for a device that is neither paused nor drained. */
  holdOf(deviceUuid: string): DeviceHold | null
}

export interface DeviceSnapshot {
  device: string
  deviceUuid: string
  host: string
  /** Null for a device that is neither paused nor drained. */
  hold: DeviceHold | null
  running: ({ run: Run } & Eta) | null
  /** In the order they will run. */
  waiting: ({ run: Run } & Place)[]
  /** All that wait, also those beyond the limit of `waiting`. */
  waitingCount: number
}

/** The expected time, from an estimator. */
export const etaOf = (ms: number, basis: EstimateBasis, estimator: Estimator): Eta => ({
  etaMs: Math.round(ms),
  basis,
  error: estimator.error(basis),
  reason: null,
})

const nobody = ({ device, host }: Pick<Run, 'device' | 'host'>): Eta => ({
  etaMs: null,
  basis: null,
  error: null,
  reason: `No service that is alive runs on ${device} of ${host}: start one there, or cancel the run.`,
})

const held = ({ state, device, host, note }: DeviceHold): Eta => ({
  etaMs: null,
  basis: null,
  error: null,
  reason: `${device} of ${host} is ${state}${note ? ` (${note})` : ''} and starts nothing until an admin resumes it.`,
})

/** Why what waits for the device has no time; null where it will run. */
function obstacle(run: Pick<Run, 'device' | 'deviceUuid' | 'host'>, { serves, holdOf }: Outlook, running?: RunningRun): Eta | null {
  const hold = holdOf(run.deviceUuid)
  return hold ? held(hold) : serves(run.deviceUuid, running) ? null : nobody(run)
}

export async function snapshotDevice(
  store: Store,
  estimates: Estimates,
  device: Pick<DeviceSnapshot, 'device' | 'deviceUuid' | 'host'>,
  limit: number,
  outlook: Outlook,
): Promise<DeviceSnapshot> {
  const { deviceUuid } = device
  const queue: DeviceQueue = await store.runs.runningAndWaiting(deviceUuid, limit)
  const [now] = queue.running ? await store.runs.running([deviceUuid]) : []
  const estimator = await estimates.on(deviceUuid)
  const lost = outlook.serves(deviceUuid, now) ? null : nobody(device)
  const stopped = obstacle(device, outlook, now)
  let sum = 0
  let basis: EstimateBasis = 'progress'
  const add = (run: Run, expected: Estimate): Eta => {
    sum += expected.ms
    basis = weakest([basis, expected.basis])
    // A drained device ends what it runs.
    return (run.status === 'running' ? lost : stopped) ?? etaOf(sum, basis, estimator)
  }
  const { running: run } = queue
  // It may have ended, or another started, between the two reads: then it counts as finished.
  const running = run && { run, ...add(run, now?.id === run.id ? estimator.remaining(now) : { ms: 0, basis: 'progress' }) }
  const waiting = queue.waiting.map((each, i) => ({ run: each, position: i + 1, ...add(each, estimator.of(each)) }))
  return { ...device, hold: outlook.holdOf(deviceUuid), running, waiting, waitingCount: queue.waitingCount }
}

/**
 * Where waiting runs stand, by their ids; those that wait no more are left out. However many are asked for and however
 * many wait, at most what changed in the queues and what runs is read.
 */
export async function placesOf(
  store: Store,
  estimates: Estimates,
  asked: readonly Pick<Run, 'id' | 'device' | 'deviceUuid' | 'host' | 'status'>[],
  outlook: Outlook,
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
    const runsNow = running.get(uuid) ?? []
    if (!line) continue
    placesIn(line, new Set(runs.map(({ id }) => id)), runsNow, estimators.get(uuid)!, places)
    for (const run of runs) {
      const stopped = obstacle(run, outlook, runsNow[0])
      if (stopped && places.has(run.id)) places.set(run.id, { ...places.get(run.id)!, ...stopped })
    }
  }
  return places
}

/** Walks along one queue until all wanted runs are found. */
function placesIn(line: Line, wanted: Set<string>, running: readonly RunningRun[], estimator: Estimator, places: Map<string, Place>): void {
  const expectations = new Map<Estimated, Estimate>()
  const expected = (workload: Estimated): Estimate => {
    const known = expectations.get(workload) ?? estimator.of(workload)
    expectations.set(workload, known)
    return known
  }
  let ms = 0
  let basis: EstimateBasis = 'progress'
  for (const run of running) {
    const each = estimator.remaining(run)
    ms += each.ms
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
