/** Queues and devices as they are, looked at while somebody wants to hear of them. Of each only the latest is told. */
import { isDeepStrictEqual } from 'node:util'
import type { DeviceAnswer } from '../devices/schema.ts'
import type { DeviceService } from '../devices/service.ts'
import type { QueueAnswer } from '../queue/schema.ts'
import type { QueueService } from '../queue/service.ts'
import type { Entry, Told } from './ring.ts'

interface WatchOptions {
  tell(event: Told): Entry
  log: { warn(data: object, message: string): void }
  everyMs: number
}

/** Tells a queue after its runs have changed, `everyMs` apart at the least: many changes are told as one. */
export class QueueWatch {
  readonly #options: WatchOptions & { queue: Pick<QueueService, 'list'> }
  /** Device UUIDs of queues that changed since they were told. */
  readonly #changed = new Map<string, Pick<QueueAnswer, 'device' | 'deviceUuid' | 'host'>>()
  /** What was told last, by device UUID. */
  readonly #told = new Map<string, Entry>()
  #wanted = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: WatchOptions & { queue: Pick<QueueService, 'list'> }) {
    this.#options = options
  }

  watch(wanted: boolean): void {
    this.#wanted = wanted
    this.#schedule()
  }

  /** A run that waits on the device or stands there has come, started or ended, or the device was paused or resumed. */
  changed({ device, deviceUuid, host }: Pick<QueueAnswer, 'device' | 'deviceUuid' | 'host'>): void {
    this.#changed.set(deviceUuid, { device, deviceUuid, host })
    this.#schedule()
  }

  stop(): void {
    this.#wanted = false
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (!this.#wanted || this.#changed.size === 0) return
    this.#timer ??= setTimeout(() => {
      void this.#look()
        .catch((err: unknown) => this.#options.log.warn({ err }, 'the queues could not be told'))
        .finally(() => {
          this.#timer = undefined
          this.#schedule()
        })
    }, this.#options.everyMs)
  }

  async #look(): Promise<void> {
    const changed = new Map(this.#changed)
    this.#changed.clear()
    try {
      const queues = new Map((await this.#options.queue.list()).map((queue) => [queue.deviceUuid, queue]))
      for (const [uuid, device] of changed) {
        const queue = queues.get(uuid) ?? { ...device, state: 'active', hold: null, running: null, waiting: [], waitingCount: 0 }
        const before = this.#told.get(uuid)
        this.#told.set(uuid, this.#options.tell({ type: 'queue', queue }))
        if (before) before.event = null
      }
    } catch (cause) {
      for (const [uuid, device] of changed) this.#changed.set(uuid, device)
      throw cause
    }
  }
}

/** Tells of devices that came, changed or went since the last look. */
export class DeviceWatch {
  readonly #options: WatchOptions & { devices: Pick<DeviceService, 'list'> }
  #seen: Map<string, DeviceAnswer> | null = null
  #timer: NodeJS.Timeout | undefined
  #wanted = false
  #looking = false
  /** A look that is under way may have read what was before a change. */
  #again = false

  constructor(options: WatchOptions & { devices: Pick<DeviceService, 'list'> }) {
    this.#options = options
  }

  watch(wanted: boolean): void {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    if (wanted && this.#timer === undefined) this.#lookSoon(0)
  }

  /** A device was paused, drained or resumed: looks at once. */
  changed(): void {
    if (this.#looking) this.#again = true
    else if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#lookSoon(0)
    }
  }

  stop(): void {
    this.#wanted = false
    clearTimeout(this.#timer)
  }

  #lookSoon(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#looking = true
      this.#again = false
      void this.#look()
        .catch((err: unknown) => this.#options.log.warn({ err }, 'the devices could not be looked at'))
        .finally(() => {
          this.#looking = false
          this.#timer = undefined
          if (this.#wanted) this.#lookSoon(this.#again ? 0 : this.#options.everyMs)
        })
    }, ms)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const { items } = await this.#options.devices.list()
    const now = new Map(items.map((device) => [device.uuid, device]))
    const before = this.#seen
    this.#seen = now
    // The first look finds what those who listen have read.
    if (!before) return
    const tell = (change: 'appeared' | 'changed' | 'vanished', device: DeviceAnswer) =>
      this.#options.tell({ type: 'device', device: { change, device } })
    for (const [uuid, device] of now) {
      const known = before.get(uuid)
      if (!known) tell('appeared', device)
      else if (!isDeepStrictEqual(lasting(known), lasting(device))) tell('changed', device)
    }
    for (const [uuid, device] of before) if (!now.has(uuid)) tell('vanished', device)
  }
}

/** What of a device does not change from second to second. */
function lasting({ memoryFreeBytes: _, cpu, gpu, ...device }: DeviceAnswer): object {
  return { ...device, cpu: cpu && { ...cpu, frequencyMHz: null }, gpu: gpu && { ...gpu, clocksMHz: null, processes: null } }
}
