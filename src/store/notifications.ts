/**
 * Messages between processes of one store, over NOTIFY on one channel: a run has a new event, a running run is to be
 * cancelled, a device was paused or resumed, API keys changed, webhooks have something to deliver. A message only prompts a read of the tables, so a lost one costs time but never correctness.
 */
import { type SQL, sql } from './drizzle.ts'

export const CHANNEL = 'archmeter'

/** What stands before the id of a run and the number of its new event. */
export const EVENT = 'event '
const CANCEL = 'cancel '
const ARCHITECTURE = 'architecture '
const DEVICE = 'device '
const KEYS = 'keys'
const DELIVERIES = 'deliveries'

/** SQL that tells every process to cancel a run. */
export const cancelNotice = (runId: string): SQL => sql`pg_notify(${CHANNEL}, ${CANCEL + runId})`
/** SQL that tells every process of an architecture that came or went. */
export const architectureNotice = (id: string, change: ArchitectureChange): SQL =>
  sql`pg_notify(${CHANNEL}, ${`${ARCHITECTURE}${id} ${change}`})`

/** SQL that tells every process that a device was paused, drained or resumed. */
export const deviceNotice = (deviceUuid: string): SQL => sql`pg_notify(${CHANNEL}, ${DEVICE + deviceUuid})`

/** SQL that tells every process that keys or sessions changed. */
export const keysNotice = (): SQL => sql`pg_notify(${CHANNEL}, ${KEYS})`

/** SQL that tells every process that there is something to deliver to a webhook, or that a webhook may have it again. */
export const deliveriesNotice = (): SQL => sql`pg_notify(${CHANNEL}, ${DELIVERIES})`

export type ArchitectureChange = 'registered' | 'deleted'

/** What changed: a run has this event, an architecture came or went; null where messages were missed. */
export type Change = { runId: string; seq: number } | { architectureId: string; change: ArchitectureChange } | null

export class Notifications {
  readonly #followers = new Map<string, Set<() => void>>()
  readonly #events = new Set<(runId: string | null) => void>()
  readonly #cancelled = new Set<(runId: string | null) => void>()
  readonly #changes = new Set<(change: Change) => void>()
  readonly #keys = new Set<() => void>()
  readonly #deliveries = new Set<() => void>()
  readonly #devices = new Set<(deviceUuid: string | null) => void>()

  receive(message: string): void {
    if (message === KEYS) for (const callback of this.#keys) callback()
    if (message === DELIVERIES) for (const callback of this.#deliveries) callback()
    if (message.startsWith(EVENT)) {
      const [runId = '', seq] = message.slice(EVENT.length).split(' ')
      for (const callback of this.#events) callback(runId)
      for (const wake of this.#followers.get(runId) ?? []) wake()
      if (seq !== undefined) for (const callback of this.#changes) callback({ runId, seq: Number(seq) })
    }
    if (message.startsWith(ARCHITECTURE)) {
      const [architectureId = '', change] = message.slice(ARCHITECTURE.length).split(' ')
      for (const callback of this.#changes) callback({ architectureId, change: change as ArchitectureChange })
    }
    if (message.startsWith(DEVICE)) for (const callback of this.#devices) callback(message.slice(DEVICE.length))
    if (message.startsWith(CANCEL)) for (const callback of this.#cancelled) callback(message.slice(CANCEL.length))
  }

  /** Messages were missed, so every listener must read again. */
  receiveGap(): void {
    for (const callback of this.#events) callback(null)
    for (const wakes of this.#followers.values()) for (const wake of wakes) wake()
    for (const callback of this.#cancelled) callback(null)
    for (const callback of this.#changes) callback(null)
    for (const callback of this.#keys) callback()
    for (const callback of this.#deliveries) callback()
    for (const callback of this.#devices) callback(null)
  }

  /** Calls back when API keys or sessions may have changed. */
  onKeys(callback: () => void): () => void {
    this.#keys.add(callback)
    return () => this.#keys.delete(callback)
  }

  /** Calls back when there may be something to deliver to a webhook. */
  onDeliveries(callback: () => void): () => void {
    this.#deliveries.add(callback)
    return () => this.#deliveries.delete(callback)
  }

  /** Calls back with the UUID of a device that was paused, drained or resumed, null where any may have been. */
  onDevice(callback: (deviceUuid: string | null) => void): () => void {
    this.#devices.add(callback)
    return () => this.#devices.delete(callback)
  }

  /** Calls back with everything that changes, in the order in which it was heard. */
  onChange(callback: (change: Change) => void): () => void {
    this.#changes.add(callback)
    return () => this.#changes.delete(callback)
  }

  /** Calls `wake` whenever the run may have new events; returns how to stop. */
  onEvent(runId: string, wake: () => void): () => void {
    const wakes = this.#followers.get(runId) ?? new Set()
    this.#followers.set(runId, wakes.add(wake))
    return () => {
      wakes.delete(wake)
      if (wakes.size === 0 && this.#followers.get(runId) === wakes) this.#followers.delete(runId)
    }
  }

  /** Calls back with the id of each run that has a new event, every change of its state included; null where any may have one. */
  onAnyEvent(callback: (runId: string | null) => void): void {
    this.#events.add(callback)
  }

  /** Calls back with the id of a running run that somebody asked to cancel, null where any may have been. */
  onCancel(callback: (runId: string | null) => void): () => void {
    this.#cancelled.add(callback)
    return () => this.#cancelled.delete(callback)
  }
}
