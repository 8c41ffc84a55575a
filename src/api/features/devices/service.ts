import { nearest } from '../../../engine/nearest.ts'
import type { BackendName, RuntimeName, RuntimeSupport } from '../../../gpu/contract.ts'
import type { DeviceDirectory, Offers } from '../../../gpu/devices/directory.ts'
import type { CpuDescription } from '../../../gpu/devices/host-facts.ts'
import { ApiError } from '../../errors.ts'
import { hideFolders } from '../../hide-folders.ts'
import type { DeviceAnswer, DeviceListAnswer } from './schema.ts'

type Offered = Offers['devices'][number]
type Usable = Extract<RuntimeSupport, { usable: true }>

/** `tfjs (wasm)`; a runtime with one back end on its device goes by its name alone. */
const nameOf = ({ runtime, backend }: Pick<RuntimeSupport, 'runtime' | 'backend'>): string =>
  runtime === 'onnxruntime' ? runtime : `${runtime} (${backend})`
const addressOf = ({ host, name }: Offered): string => `${host}/${name}`

/** What runs can be timed on. */
export class DeviceService {
  readonly #directory: Pick<DeviceDirectory, 'list'>

  constructor(directory: Pick<DeviceDirectory, 'list'>) {
    this.#directory = directory
  }

  /** Every device that is alive, and the kinds that hosts do not have. */
  async list(): Promise<DeviceListAnswer> {
    const { devices, absent } = await this.#directory.list()
    return {
      items: devices.map(present),
      absent: absent.map(({ host, kind, reason, command }) => ({ host, kind, reason: hideFolders(reason), command })),
    }
  }

  /**
   * The device of this name and the runtime on it, by this back end or the best that works. A bare name such as `cpu:0` is this host's where it has one.
   * @throws ApiError DEVICE_NOT_FOUND listing those there are; AMBIGUOUS_DEVICE listing the candidates;
   *   DEVICE_UNAVAILABLE with the reason and what would mend it; UNSUPPORTED_BY_RUNTIME where it has no such back end.
   */
  async find(name: string, runtime: RuntimeName, backend?: BackendName): Promise<{ device: Offered; support: Usable }> {
    const offers = await this.#directory.list()
    const device = pick(name, offers)
    const known = device.runtimes.filter((each) => each.runtime === runtime)
    const candidates = known.filter((each) => backend === undefined || each.backend === backend)
    const usable = candidates.find((each) => each.usable)
    if (usable?.usable) return { device, support: usable }
    if (backend !== undefined && candidates.length === 0 && known.length > 0) {
      const message = `${runtime} has no back end ${backend} on ${device.name}: it has ${known.map((each) => each.backend).join(', ')}`
      throw new ApiError('UNSUPPORTED_BY_RUNTIME', message, [{ path: '/backend', message }])
    }
    const [support] = candidates
    const why = support && !support.usable ? hideFolders(support.reason) : 'it is not installed'
    const remedy = support && !support.usable && support.command ? `; run: ${support.command}` : ''
    const others = device.runtimes.filter((each) => each.usable).map(nameOf)
    const instead = others.length > 0 ? `; usable there: ${others.join(', ')}` : ''
    const asked = backend === undefined ? runtime : nameOf({ runtime, backend })
    throw new ApiError('DEVICE_UNAVAILABLE', `${asked} does not work on ${addressOf(device)}: ${why}${remedy}${instead}`, [
      { path: backend === undefined ? '/runtime' : '/backend', message: why },
    ])
  }
}

function pick(name: string, { devices, absent }: Offers): Offered {
  const same = (text: string): boolean => text.toLowerCase() === name.toLowerCase()
  const exact = devices.find((device) => same(device.uuid) || same(addressOf(device)))
  if (exact) return exact
  const named = devices.filter((device) => same(device.name))
  const here = named.filter((device) => device.local)
  const candidates = here.length > 0 ? here : named
  if (candidates.length === 1) return candidates[0]!
  if (candidates.length > 1)
    throw new ApiError(
      'AMBIGUOUS_DEVICE',
      `"${name}" is a device of several hosts: write ${candidates.map(addressOf).join(' or ')}`,
      candidates.map((device) => ({ path: '/device', message: `${addressOf(device)} is ${device.model}, ${device.uuid}` })),
    )
  const known = devices.map(addressOf)
  const kind = absent.find((each) => name.toLowerCase().includes(`${each.kind}:`))
  const why = kind
    ? `; ${kind.host} has no ${kind.kind} device: ${hideFolders(kind.reason)}${kind.command ? `; run: ${kind.command}` : ''}`
    : ''
  const list = known.length > 0 ? `: there are ${known.slice(0, 20).join(', ')}` : ': no service that runs anything is alive'
  const hint = nearest(name, known)
  throw new ApiError('DEVICE_NOT_FOUND', `there is no device "${name.slice(0, 100)}"${hint.startsWith(';') ? hint : list}${why}`)
}

const present = (device: Offered): DeviceAnswer => ({
  name: device.name,
  address: addressOf(device),
  uuid: device.uuid,
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
