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
  #holds: ReadonlyMap<string, DeviceHold> = new Map()
  #unlisten = () => {}

  constructor({ store, executions, log }: { store: Store; executions: ReadonlyMap<string, Execution>; log: Log }) {
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

  /** Reads the states, and ends what runs on a device that is paused. */
  async look(): Promise<void> {
    this.#holds = await this.#store.deviceStates.holds()
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
