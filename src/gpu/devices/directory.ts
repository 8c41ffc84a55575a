import { randomUUID } from 'node:crypto'
import os from 'node:os'
import pTimeout from 'p-timeout'
import type { Log, Store } from '../../store/index.ts'
import type { RuntimeSupport } from '../contract.ts'
import { backendsOf, runtimeNames } from '../contract.ts'
import type { AbsentDevices, Device, DeviceSurvey } from './device.ts'

/** A device that runs can be queued on, with what works on it. */
export interface OfferedDevice extends Device {
  /** One entry a runtime and back end, usable or not, in the order of `backendsOf`. */
  runtimes: RuntimeSupport[]
}

/** What one service offers. */
interface Bulletin {
  host: string
  devices: OfferedDevice[]
  absent: AbsentDevices[]
}

export interface Offers {
  devices: (OfferedDevice & {
    /** Whether this service itself runs on it. */
    local: boolean
  })[]
  /** Kinds of device that a host does not have, and why. */
  absent: (AbsentDevices & { host: string })[]
}

export interface DirectoryOptions {
  store: Store
  /** This service's own devices at the moment; none where it only takes requests. */
  survey(): DeviceSurvey
  /** Tries every runtime on one of them; remembers what it found. */
  probe(device: Device): Promise<RuntimeSupport[]>
  log: Log
  /** For tests. */
  renewMs?: number
}

/** A bulletin survives three failed renewals. */
const staleAfterRenewals = 3.5
const forgottenAfterMs = 600_000
/** How long a caller waits for the runtimes to be tried for the first time. */
const probeWaitMs = 10_000

/**
 * The devices of this service and, where several share a database, of all others that are alive. The embedded store has a
 * single service: nothing is published there, and nothing wakes it while a run is timed.
 */
export class DeviceDirectory {
  readonly #options: Required<DirectoryOptions>
  readonly #owner = randomUUID()
  #posted: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  readonly #closing = new AbortController()

  constructor(options: DirectoryOptions) {
    this.#options = { renewMs: 10_000, ...options }
  }

  /** Starts to publish, on a shared database, what works on this service's devices. */
  start(): void {
    const { survey, store } = this.#options
    if (store.kind === 'postgres' && survey().devices.length > 0) this.#posted = this.#renew()
  }

  async stop(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await this.#posted
    const { store, survey } = this.#options
    if (store.kind === 'postgres' && survey().devices.length > 0) await store.bulletins.remove(this.#owner)
  }

  /** Every device that is alive, this service's first. */
  async list(): Promise<Offers> {
    const own = await this.#bulletin(probeWaitMs)
    const offers: Offers = {
      devices: own.devices.map((device) => ({ ...device, local: true })),
      absent: own.absent.map((kind) => ({ ...kind, host: own.host })),
    }
    const seen = new Set(own.devices.map(({ uuid }) => uuid))
    const hosts = new Set(own.devices.map(({ host }) => host))
    for (const { host, devices, absent } of await this.#others()) {
      for (const device of devices) {
        if (seen.has(device.uuid)) continue
        seen.add(device.uuid)
        offers.devices.push({ ...device, local: false })
      }
      if (!hosts.has(host)) for (const kind of absent) offers.absent.push({ ...kind, host })
      hosts.add(host)
    }
    return offers
  }

  /** UUIDs of the devices of other services that are alive. */
  async elsewhere(): Promise<Set<string>> {
    return new Set((await this.#others()).flatMap(({ devices }) => devices.map(({ uuid }) => uuid)))
  }

  async #others(): Promise<Bulletin[]> {
    const { store, renewMs } = this.#options
    if (store.kind !== 'postgres') return []
    const all = await store.bulletins.list()
    return all
      .filter(({ owner, ageMs }) => owner !== this.#owner && ageMs < renewMs * staleAfterRenewals)
      .map(({ body }) => body as Bulletin)
  }

  async #bulletin(waitMs: number): Promise<Bulletin> {
    const own = this.#options.survey()
    const devices = await Promise.all(
      own.devices.map(async (device) => ({
        ...device,
        runtimes: (await this.#tried(device, waitMs)) ?? untried(device),
      })),
    )
    return { host: os.hostname(), devices, absent: own.absent }
  }

  /** The runtimes of the device; null where they are not known in time. */
  #tried(device: Device, milliseconds: number): Promise<RuntimeSupport[] | null> {
    const { signal } = this.#closing
    const tried = pTimeout(this.#options.probe(device), { milliseconds, message: false, signal })
    return tried.then(
      (runtimes) => runtimes ?? null,
      (cause) => {
        if (signal.aborted) return null
        throw cause
      },
    )
  }

  async #renew(): Promise<void> {
    const { store, log, renewMs } = this.#options
    try {
      const bulletin = await this.#bulletin(renewMs)
      if (this.#closing.signal.aborted) return
      await store.bulletins.post(this.#owner, bulletin)
      await store.bulletins.removeOlder(forgottenAfterMs)
    } catch (err) {
      log.warn({ err }, 'the devices of this service could not be announced; trying again')
    }
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#posted = this.#renew()
    }, renewMs)
  }
}

const untried = ({ kind }: Device): RuntimeSupport[] =>
  runtimeNames.flatMap((runtime) =>
    backendsOf[runtime][kind].map((backend) => ({
      ...{ runtime, backend, usable: false as const },
      ...{ reason: 'it is still being tried: ask again in a moment', command: null },
    })),
  )
