/** The places of runs in their queues, and when their results are expected. */
import {
  type DeviceHold,
  type DeviceQueue,
  type Line,
  NO_KEY,
  type Run,
  type RunningRun,
  type Share,
  type Store,
} from '../../store/index.ts'
import { type Estimate, type EstimateBasis, type Estimated, type Estimates, type Estimator, weakest } from './estimate.ts'
import { fairOrder } from './fair-order.ts'

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
  const inOrder = await fairly(store, deviceUuid, queue, limit, now, estimator)
  const waiting = inOrder.map((each, i) => ({ run: each, position: i + 1, ...add(each, estimator.of(each)) }))
  return { ...device, hold: outlook.holdOf(deviceUuid), running, waiting, waitingCount: queue.waitingCount }
}

/** The waiting runs that are shown, in the order in which they will be taken. */
async function fairly(store: Store, uuid: string, queue: DeviceQueue, limit: number, now: RunningRun | undefined, estimator: Estimator) {
  if (queue.waitingCount < 2) return queue.waiting
  const { lines, shares: all } = await linesAndShares(store, [uuid])
  const [line, shares] = [lines.get(uuid), all.get(uuid)]
  if (!line || !shares) return queue.waiting
  const ids: string[] = []
  for (const { id } of fairOrder(line.runs, shares, ({ workload }) => estimator.of(workload).ms, inService(now, estimator))) {
    if (ids.push(id) === limit) break
  }
  const byId = new Map((await store.runs.getMany(ids)).map((run) => [run.id, run]))
  return ids.flatMap((id) => (byId.get(id)?.status === 'queued' ? [byId.get(id)!] : []))
}

/** The waiting runs, to be used before anything is awaited, and by device the shares of those keys that wait beside others. */
async function linesAndShares(store: Store, devices: readonly string[]) {
  const { lines } = await store.waiting.read()
  const several = devices.filter((uuid) => lines.get(uuid)?.runs.some(({ key }, _i, runs) => key !== runs[0]!.key))
  if (several.length === 0) return { lines, shares: new Map<string, Map<string, Share>>() }
  const shares = await store.runs.shares(several)
  return { lines: (await store.waiting.read()).lines, shares }
}

const inService = (run: RunningRun | undefined, estimator: Estimator) =>
  run ? { key: run.keyId ?? NO_KEY, ms: run.elapsedMs + estimator.remaining(run).ms } : null

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
  const { lines, shares } = await linesAndShares(store, devices)
  for (const [uuid, runs] of byDevice) {
    const line = lines.get(uuid)
    const runsNow = running.get(uuid) ?? []
    if (!line) continue
    placesIn(line, new Set(runs.map(({ id }) => id)), runsNow, shares.get(uuid) ?? new Map(), estimators.get(uuid)!, places)
    for (const run of runs) {
      const stopped = obstacle(run, outlook, runsNow[0])
      if (stopped && places.has(run.id)) places.set(run.id, { ...places.get(run.id)!, ...stopped })
    }
  }
  return places
}

/** Walks along one queue until all wanted runs are found. */
function placesIn(
  line: Line,
  wanted: Set<string>,
  running: readonly RunningRun[],
  shares: ReadonlyMap<string, Share>,
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
  let basis: EstimateBasis = 'progress'
  for (const run of running) {
    const each = estimator.remaining(run)
    ms += each.ms
    basis = weakest([basis, each.basis])
  }
  let position = 0
  const order = fairOrder(line.runs, shares, (run) => expected(run.workload).ms, inService(running[0], estimator))
  for (const { id, workload } of order) {
    position++
    const each = expected(workload)
    ms += each.ms
    basis = weakest([basis, each.basis])
    if (wanted.delete(id)) places.set(id, { position, ...etaOf(ms, basis, estimator) })
    if (wanted.size === 0) return
  }
}
