/**
 * What a paused device was running goes back to its place in the queue. That nothing starts there is the claim's doing: it
 * reads the state in the same statement.
 */
import type { DeviceHold, Log, Store } from '../../store/index.ts'
import type { Execution } from './execution.ts'

export class Holds {
  readonly #store: Pick<Store, 'deviceStates' | 'notifications'>
  /** What runs here, by device UUID: the queue's own, which it changes. */
  readonly #executions: ReadonlyMap<string, Execution>
  readonly #log: Log
  readonly #onReleased: (deviceUuid: string) => void
  #holds: ReadonlyMap<string, DeviceHold> = new Map()
  #unlisten = () => {}

  /** @param options `onReleased` is told of a device that may start runs again. */
  constructor(options: {
    store: Store
    executions: ReadonlyMap<string, Execution>
    log: Log
    onReleased: (deviceUuid: string) => void
  }) {
    const { store, executions, log, onReleased } = options
    this.#onReleased = onReleased
    this.#store = store
    this.#executions = executions
    this.#log = log
  }

  /** Reads the states, and again whenever one changes. */
  async start(): Promise<void> {
    this.#unlisten = this.#store.notifications.onDevice(() => {
      this.look().catch((err: unknown) => this.#log.warn({ err }, 'the states of the devices could not be read; trying again'))
    })
    await this.look()
  }

  stop(): void {
    this.#unlisten()
  }

  /** Reads the states, ends what runs on a device that is paused, and tells of those that were resumed. */
  async look(): Promise<void> {
    const before = this.#holds
    this.#holds = await this.#store.deviceStates.holds()
    for (const uuid of before.keys()) if (!this.isHeld(uuid)) this.#onReleased(uuid)
    for (const [uuid, execution] of this.#executions) if (this.isPaused(uuid)) execution.interrupt('devicePaused')
  }

  /** As last read. */
  isPaused(deviceUuid: string): boolean {
    return this.#holds.get(deviceUuid)?.state === 'paused'
  }

  /** Whether it may start nothing, as last read. */
  isHeld(deviceUuid: string): boolean {
    return this.#holds.has(deviceUuid)
  }
}
