/**
 * What changes, told to whoever listens: one process-wide order of events, read once for all listeners. Events of runs
 * and architectures are kept as references until somebody listens; queues and devices are states, of which only the
 * latest is told. What cannot be told any more, as after a restart, is a `reset`: then a listener reads anew.
 */
import { type Change, type RunEventInContext, type Store, turns } from '../../../store/index.ts'
import type { ArchitectureNames } from '../architectures/names.ts'
import type { DeviceService } from '../devices/service.ts'
import type { QueueService } from '../queue/service.ts'
import { presentEventData } from '../runs/present-event.ts'
import { shownEvent } from '../runs/stored-run.ts'
import { liveFilter } from './filter.ts'
import { type Entry, type Reference, Ring, type Told } from './ring.ts'
import type { LiveEvent, LiveQuery } from './schema.ts'
import { DeviceWatch, QueueWatch } from './watch.ts'

/** Events kept for those who come back. */
const kept = 2000
/** Notices that come so soon after each other, ms, are read at once. */
const gatherMs = 20
/** References read in one statement. */
const readAtOnce = 500

export interface LiveOptions {
  store: Store
  names: ArchitectureNames
  queue: Pick<QueueService, 'list'>
  devices: Pick<DeviceService, 'list'>
  log: { warn(data: object, message: string): void }
  /** How often devices are looked at while somebody listens, and queues told at most, ms. */
  devicesMs?: number
  queueMs?: number
}

interface Listener {
  wake(): void
  wants(type: LiveEvent['type']): boolean
}

export class LiveService {
  readonly #store: Store
  readonly #names: ArchitectureNames
  readonly #log: LiveOptions['log']
  readonly #ring = new Ring(kept)
  readonly #listeners = new Set<Listener>()
  readonly #queues: QueueWatch
  readonly #devices: DeviceWatch
  #unlisten = () => {}
  #gathering: NodeJS.Timeout | undefined
  #reading: Promise<void> | null = null

  constructor({ store, names, queue, devices, log, devicesMs = 2000, queueMs = 250 }: LiveOptions) {
    this.#store = store
    this.#names = names
    this.#log = log
    const tell = (event: Told): Entry => {
      const entry = this.#ring.add(null, event)
      this.#gather()
      return entry
    }
    this.#queues = new QueueWatch({ queue, tell, log, everyMs: queueMs })
    this.#devices = new DeviceWatch({ devices, tell, log, everyMs: devicesMs })
  }

  /** Begins to hear what changes. */
  start(): void {
    const { notifications } = this.#store
    const unlisten = [
      notifications.onChange((change) => this.#hear(change)),
      notifications.onDevice((deviceUuid) => {
        if (deviceUuid === null || this.#listeners.size === 0) return
        this.#deviceChanged(deviceUuid).catch((err: unknown) => this.#log.warn({ err }, 'the state of a device could not be told'))
      }),
    ]
    this.#unlisten = () => {
      for (const each of unlisten) each()
    }
  }

  /** It was paused, drained or resumed. */
  async #deviceChanged(deviceUuid: string): Promise<void> {
    this.#devices.changed()
    const device = await this.#store.deviceStates.get(deviceUuid)
    if (device) this.#queues.changed(device)
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size
  }

  close(): void {
    this.#unlisten()
    clearTimeout(this.#gathering)
    this.#queues.stop()
    this.#devices.stop()
  }

  /**
   * What changes from now on, or since the event of this id, until `signal` is aborted. Begins with a `reset` where that
   * id is not known, or none is given: listen first, then read what is shown. One that falls behind gets a `reset` too.
   */
  async *follow(query: LiveQuery, lastId: string | undefined, signal: AbortSignal): AsyncGenerator<LiveEvent, void, void> {
    const fits = liveFilter(query)
    let woken = true
    let resume = () => {}
    const wake = () => {
      woken = true
      resume()
    }
    const listener: Listener = { wake, wants: (type) => !query.type || query.type.includes(type) }
    this.#listeners.add(listener)
    signal.addEventListener('abort', wake)
    try {
      const known = lastId === undefined ? 'this is the beginning: read what is shown now' : this.#ring.read(lastId)
      let at = typeof known === 'number' ? known : this.#ring.last
      this.#watch()
      if (typeof known === 'string') yield this.#reset(at, known)
      while (!signal.aborted) {
        woken = false
        if (!this.#ring.holds(at)) {
          at = this.#ring.last
          yield this.#reset(at, 'more happened than was read')
          continue
        }
        const entries = this.#ring.after(at)
        if (entries.some(({ reference }) => reference !== null)) {
          await this.#read()
          continue
        }
        for (const { n, event } of entries) {
          if (signal.aborted) return
          at = n
          if (!event || !fits(event)) continue
          // All who listen come here at once.
          await turns.take()
          yield event
        }
        if (!woken && !signal.aborted) await new Promise<void>((resolve) => (resume = resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
      this.#listeners.delete(listener)
      this.#watch()
    }
  }

  #reset(at: number, reason: string): LiveEvent {
    return this.#ring.eventOf({ n: at, at: Date.now() }, { type: 'reset', reason })
  }

  /** Looks at queues and devices only while somebody wants to hear of them. */
  #watch(): void {
    const wanted = (type: LiveEvent['type']) => [...this.#listeners].some((listener) => listener.wants(type))
    this.#queues.watch(wanted('queue'))
    this.#devices.watch(wanted('device'))
  }

  #hear(change: Change): void {
    if (change === null) this.#ring.add(null, { type: 'reset', reason: 'messages of the database were missed' })
    else this.#ring.add(change, null)
    this.#gather()
  }

  /** Nothing is read, and nobody woken, where nobody listens. */
  #gather(): void {
    if (this.#listeners.size === 0) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#read().then(
        () => {
          for (const { wake } of this.#listeners) wake()
        },
        (err: unknown) => {
          this.#log.warn({ err }, 'events could not be read; trying again')
          this.#gathering = setTimeout(() => {
            this.#gathering = undefined
            this.#gather()
          }, 1000)
        },
      )
    }, gatherMs)
  }

  /** Reads what is not read yet: once for all who wait for it. */
  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readNow(): Promise<void> {
    for (let unread = this.#ring.unread; unread.length > 0; unread = this.#ring.unread) {
      const part = unread.slice(0, readAtOnce)
      const told = new Map<string, Told>()
      const references = part.map(({ reference }) => reference!)
      await Promise.all([this.#readRuns(references, told), this.#readArchitectures(references, told)])
      for (const entry of part) {
        const event = told.get(nameOf(entry.reference!))
        entry.reference = null
        if (!event) continue
        entry.event = this.#ring.eventOf(entry, event)
        if (event.run && event.type === 'run') this.#queues.changed(event.run)
      }
    }
  }

  async #readRuns(references: readonly Reference[], told: Map<string, Told>): Promise<void> {
    const refs = references.flatMap((each) => ('runId' in each ? [each] : []))
    if (refs.length === 0) return
    const events = await this.#store.events.getMany(refs)
    const nameOfArchitecture = await this.#names.of(events.map(({ architectureId }) => architectureId))
    for (const event of events)
      told.set(nameOf(event), {
        type: event.type === 'phase' || event.type === 'progress' ? 'progress' : 'run',
        at: event.at.toISOString(),
        run: presentRun(event, nameOfArchitecture(event.architectureId)),
      })
  }

  async #readArchitectures(references: readonly Reference[], told: Map<string, Told>): Promise<void> {
    const refs = references.flatMap((each) => ('architectureId' in each ? [each] : []))
    if (refs.length === 0) return
    const rows = await this.#store.architectures.getSummaries(refs.map(({ architectureId }) => architectureId))
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const reference of refs) {
      const row = byId.get(reference.architectureId)
      if (!row) continue
      const { name, layerCount: layers, params, macs } = row
      told.set(nameOf(reference), { type: 'architecture', architecture: { ...reference, name, layers, params, macs } })
    }
  }
}

const nameOf = (reference: Reference): string =>
  'runId' in reference ? `${reference.runId} ${reference.seq}` : `${reference.architectureId} ${reference.change}`

function presentRun(stored: RunEventInContext, architectureName: string): NonNullable<LiveEvent['run']> {
  const { runId, seq, type, data, device, deviceUuid, host, runtime, batch, labels, status, verdict, architectureId } = shownEvent(stored)
  return {
    ...{ runId, seq, event: type, data: presentEventData(data), status },
    ...{ verdict, device, deviceUuid, host, runtime, batch, labels, architectureId, architectureName },
  }
}
