import { nearest } from '../../../engine/nearest.ts'
import type { BackendName, RuntimeName, RuntimeSupport } from '../../../gpu/contract.ts'
import type { DeviceDirectory, Offers } from '../../../gpu/devices/directory.ts'
import type { CpuDescription } from '../../../gpu/devices/host-facts.ts'
import { passedOver } from '../../../gpu/passed-over.ts'
import type { RunQueue } from '../../../gpu/queue/index.ts'
import type { AuditLine, DeviceHold, Store } from '../../../store/index.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import { hideFolders } from '../../hide-folders.ts'
import type { DeviceAnswer, DeviceListAnswer, NewDeviceState } from './schema.ts'

type Offered = Offers['devices'][number]
type Usable = Extract<RuntimeSupport, { usable: true }>

/** `tfjs (wasm)`. */
const nameOf = ({ runtime, backend }: Pick<RuntimeSupport, 'runtime' | 'backend'>): string => `${runtime} (${backend})`
const addressOf = ({ host, name }: Offered): string => `${host}/${name}`

export interface DeviceServiceOptions {
  directory: Pick<DeviceDirectory, 'list'>
  store: Pick<Store, 'deviceStates' | 'runs'>
  queue: Pick<RunQueue, 'setDeviceState'>
}

/** What runs can be timed on. */
export class DeviceService {
  readonly #directory: DeviceServiceOptions['directory']
  readonly #store: DeviceServiceOptions['store']
  readonly #queue: DeviceServiceOptions['queue']

  constructor({ directory, store, queue }: DeviceServiceOptions) {
    this.#directory = directory
    this.#store = store
    this.#queue = queue
  }

  /** All live devices, and the kinds that hosts lack. */
  async list(): Promise<DeviceListAnswer> {
    const { devices, absent } = await this.#directory.list()
    const holds = await this.#store.deviceStates.holds()
    const drained = devices.filter(({ uuid }) => holds.get(uuid)?.state === 'drained').map(({ uuid }) => uuid)
    const busy = new Set(drained.length === 0 ? [] : (await this.#store.runs.running(drained)).map(({ deviceUuid }) => deviceUuid))
    return {
      items: devices.map((device) => present(device, presentState(holds.get(device.uuid) ?? null, busy.has(device.uuid)))),
      absent: absent.map(({ host, kind, reason, command }) => ({ host, kind, reason: hideFolders(reason), command })),
    }
  }

  /**
   * Pauses, drains or resumes a device that is there.
   * @throws ApiError DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE; StoreError INVALID_TEXT
   */
  async setState(name: string, { state, note }: NewDeviceState, line: AuditLine): Promise<DeviceAnswer> {
    const { device } = pickDevice(name, await this.#directory.list())
    const { uuid: deviceUuid, name: known, host } = device
    await this.#queue.setDeviceState({ deviceUuid, device: known, host, state, note: note?.trim() || null, by: line.keyPrefix }, line)
    return (await this.list()).items.find(({ uuid }) => uuid === device.uuid)!
  }

  /** Memory of a device by its name, in all. @throws ApiError DEVICE_NOT_FOUND, AMBIGUOUS_DEVICE as `choose` does. */
  async memoryOf(name: string): Promise<{ address: string; bytes: number }> {
    const { device } = pickDevice(name, await this.#directory.list())
    return { address: addressOf(device), bytes: device.memoryBytes }
  }

  /**
   * The device and runtime that a run asks for. A missing device or runtime, or a kind of device (`cpu`), is resolved where
   * only one fits. The back end is the first of the runtime's that works. A bare name such as `cpu:0` is this host's where
   * it has one.
   * @throws ApiError DEVICE_NOT_FOUND listing the known ones; AMBIGUOUS_DEVICE listing the candidates; INVALID_REQUEST
   *   listing the runtimes where several work; DEVICE_UNAVAILABLE with the reason and what would mend it;
   *   UNSUPPORTED_BY_RUNTIME where the runtime has no such back end.
   */
  async choose({ device: name, runtime: asked, backend }: Wish): Promise<Choice> {
    const { device, note } = pickDevice(name, await this.#directory.list())
    const runtime = asked ?? onlyRuntime(device, backend)
    const notes = [
      ...(note === null ? [] : [note]),
      ...(asked === undefined ? [`runtime: ${runtime}, the only one that works on ${device.name}`] : []),
    ]
    const support = supportOf(device, runtime, backend)
    if (backend === undefined) notes.push(...noteOf(device, support))
    return { device, support, notes }
  }
}

/** The device, runtime and back end that a run asks for. */
export interface Wish {
  device?: string | undefined
  runtime?: RuntimeName | undefined
  backend?: BackendName | undefined
}

export interface Choice {
  device: Offered
  support: Usable
  /** One sentence for each choice that the request left open. */
  notes: string[]
}

/** A note where a better back end of the runtime does not work on the device. */
function noteOf({ name, runtimes }: Offered, support: Usable): string[] {
  const reasons = passedOver(runtimes, support).map(({ backend, reason }) => `${backend} does not work on ${name} (${hideFolders(reason)})`)
  return reasons.length > 0 ? [`backend: ${support.backend}, since ${reasons.join(' and ')}`] : []
}

function supportOf(device: Offered, runtime: RuntimeName, backend: BackendName | undefined): Usable {
  const known = device.runtimes.filter((each) => each.runtime === runtime)
  const candidates = known.filter((each) => backend === undefined || each.backend === backend)
  const usable = candidates.find((each) => each.usable)
  if (usable?.usable) return usable
  if (backend !== undefined && candidates.length === 0 && known.length > 0) {
    const message = `${runtime} has no back end ${backend} on ${device.name}: it has ${known.map((each) => each.backend).join(', ')}`
    throw new ApiError('UNSUPPORTED_BY_RUNTIME', message, [{ path: '/backend', message }])
  }
  const [support] = candidates
  const why = support && !support.usable ? hideFolders(support.reason) : 'it is not installed'
  const remedy = support && !support.usable && support.command ? `; run: ${support.command}` : ''
  const others = device.runtimes.filter((each) => each.usable).map(nameOf)
  const instead = others.length > 0 ? `; usable there: ${others.join(', ')}` : ''
  const wanted = backend === undefined ? runtime : nameOf({ runtime, backend })
  throw new ApiError('DEVICE_UNAVAILABLE', `${wanted} does not work on ${addressOf(device)}: ${why}${remedy}${instead}`, [
    { path: backend === undefined ? '/runtime' : '/backend', message: why },
  ])
}

/** The one runtime that works on the device, by this back end where one is asked for. */
function onlyRuntime(device: Offered, backend: BackendName | undefined): RuntimeName {
  const usable = device.runtimes.filter((each) => each.usable && (backend === undefined || each.backend === backend))
  const runtimes = [...new Set(usable.map((each) => each.runtime))]
  if (runtimes.length === 1) return runtimes[0]!
  if (runtimes.length > 1) {
    const message = `runtime is missing, and several work on ${device.name}: write ${runtimes.join(' or ')}`
    throw invalidRequest('request', [{ path: '/runtime', message }])
  }
  // Nothing works: gives the reason of the first known one.
  const first = device.runtimes.find((each) => backend === undefined || each.backend === backend) ?? device.runtimes[0]
  return first?.runtime ?? 'onnxruntime'
}

/** The device of a name, and a note where the name did not settle it. */
function pickDevice(name: string | undefined, offers: Offers): { device: Offered; note: string | null } {
  const { devices } = offers
  const same = (text: string): boolean => text.toLowerCase() === name?.toLowerCase()
  const exact = devices.find((device) => same(device.uuid) || same(addressOf(device)))
  if (exact) return { device: exact, note: null }
  if (name === undefined) {
    if (devices.length > 1) throw ambiguous('device is missing, and there are several', devices)
    if (devices.length === 1) return { device: devices[0]!, note: `device: ${devices[0]!.name}, the only one there is` }
    throw notFound('device is missing, and there is none', offers)
  }
  const here = (list: readonly Offered[]) => (list.some((device) => device.local) ? list.filter((device) => device.local) : list)
  const named = here(devices.filter((device) => same(device.name)))
  if (named.length > 1) throw ambiguous(`"${name}" is a device of several hosts`, named)
  if (named.length === 1) return { device: named[0]!, note: null }
  const ofKind = here(devices.filter((device) => same(device.kind)))
  if (ofKind.length > 1) throw ambiguous(`there are several devices of the kind ${name.toLowerCase()}`, ofKind)
  if (ofKind.length === 1) {
    const [device] = ofKind as [Offered]
    return { device, note: `device: ${device.name}, the only one of the kind ${device.kind}${device.local ? ' on this host' : ''}` }
  }
  throw notFound(`there is no device "${name.slice(0, 100)}"`, offers, name)
}

/** @param candidates at least two. */
function ambiguous(what: string, candidates: readonly Offered[]): ApiError {
  // The name alone suffices for a device of this host; others need their host.
  const shortest = (device: Offered): string =>
    candidates.every((each) => each === device || each.name !== device.name) && device.local ? device.name : addressOf(device)
  return new ApiError(
    'AMBIGUOUS_DEVICE',
    `${what}: write ${candidates.slice(0, 20).map(shortest).join(' or ')}`,
    candidates.map((device) => ({ path: '/device', message: `${addressOf(device)} is ${device.model}, ${device.uuid}` })),
  )
}

function notFound(what: string, { devices, absent }: Offers, name = ''): ApiError {
  const known = devices.map(addressOf)
  const wanted = name.toLowerCase()
  const kind = absent.find((each) => wanted === each.kind || wanted.includes(`${each.kind}:`))
  const why = kind
    ? `; ${kind.host} has no ${kind.kind} device: ${hideFolders(kind.reason)}${kind.command ? `; run: ${kind.command}` : ''}`
    : ''
  const list = known.length > 0 ? `: known devices are ${known.slice(0, 20).join(', ')}` : ': no service that executes runs is alive'
  const hint = nearest(name, known)
  return new ApiError('DEVICE_NOT_FOUND', `${what}${hint.startsWith(';') ? hint : list}${why}`)
}

type DeviceStateAnswer = Pick<DeviceAnswer, 'state' | 'hold'>

/** The state of a device as answers show it. @param busy whether anything runs on it. */
export const presentState = (hold: DeviceHold | null, busy: boolean): DeviceStateAnswer => ({
  state: hold === null ? 'active' : hold.state === 'drained' && busy ? 'draining' : hold.state,
  hold: hold && { since: hold.since.toISOString(), by: hold.by, note: hold.note },
})

const present = (device: Offered, state: DeviceStateAnswer): DeviceAnswer => ({
  name: device.name,
  address: addressOf(device),
  uuid: device.uuid,
  ...state,
  kind: device.kind,
  host: device.host,
  local: device.local,
  model: device.model,
  memoryBytes: device.memoryBytes,
  memoryFreeBytes: device.memoryFreeBytes ?? null,
  cores: device.cores ?? null,
  driver: device.driver,
  computeCapability: device.computeCapability ?? null,
  cpu: device.cpu ? presentCpu(device.cpu) : null,
  gpu: device.gpu ?? null,
  runtimes: device.runtimes.map((each) => ({
    runtime: each.runtime,
    backend: each.backend,
    usable: each.usable,
    version: each.usable ? each.version : null,
    capabilities: each.usable ? { settings: [], ...each.capabilities } : null,
    reason: each.usable ? null : hideFolders(each.reason),
    command: each.usable ? null : each.command,
  })),
})

const presentCpu = ({ physicalCores, logicalCpus, isa, frequencyMHz, governor, caches }: CpuDescription): DeviceAnswer['cpu'] => ({
  cores: physicalCores,
  logicalCpus,
  isa,
  frequencyMHz,
  governor,
  caches,
})
