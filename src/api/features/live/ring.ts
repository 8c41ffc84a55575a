import { randomBytes } from 'node:crypto'
import type { ArchitectureChange } from '../../../store/index.ts'
import type { LiveEvent } from './schema.ts'

/** What a notice spoke of, and the database tells in full. */
export type Reference = { runId: string; seq: number } | { architectureId: string; change: ArchitectureChange }

/** An event without what every one has, or does not have. */
export type Told = Partial<LiveEvent> & Pick<LiveEvent, 'type'>

/** A place in the order of events. */
export interface Entry {
  readonly n: number
  /** When it was heard of, ms since the epoch. */
  readonly at: number
  /** Not read yet where it stands. */
  reference: Reference | null
  /** Null where it is not read yet, or where nothing is left to tell: a later one tells the same anew. */
  event: LiveEvent | null
}

/**
 * The latest events in the order in which this process heard of them, each with a number. Numbers mean something to this
 * process alone, so an id names it too.
 */
export class Ring {
  readonly #epoch = randomBytes(6).toString('hex')
  readonly #most: number
  #entries: Entry[] = []
  #last = 0

  /** @param most that are kept. */
  constructor(most: number) {
    this.#most = most
  }

  /** Number of the latest event; 0 before the first. */
  get last(): number {
    return this.#last
  }

  idOf(n: number): string {
    return `${this.#epoch}-${n}`
  }

  /** The number that an id names, or why what came after it is not known. */
  read(id: string): number | string {
    const [epoch, number = ''] = id.split('-')
    const n = Number(number)
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(number) || n > this.#last)
      return 'the last event heard is not one of this process: the service was started anew, or another one answers'
    return this.holds(n) ? n : 'too much happened since the last event heard'
  }

  /** Whether everything after `n` is still here. */
  holds(n: number): boolean {
    return n >= this.#last - this.#entries.length
  }

  /** @returns the entry, with the next number. */
  add(reference: Reference | null, event: Told | null): Entry {
    const entry: Entry = { n: ++this.#last, at: Date.now(), reference, event: null }
    if (event) entry.event = this.eventOf(entry, event)
    this.#entries.push(entry)
    // Seldom, since what is left is copied.
    if (this.#entries.length > 2 * this.#most) this.#entries = this.#entries.slice(-this.#most)
    return entry
  }

  /** What an entry tells, in full. */
  eventOf({ n, at }: Pick<Entry, 'n' | 'at'>, { type, ...rest }: Told): LiveEvent {
    const nothing = { reason: null, run: null, queue: null, device: null, architecture: null }
    return { id: this.idOf(n), type, at: new Date(at).toISOString(), ...nothing, ...rest }
  }

  /** Those after `n`, oldest first. */
  after(n: number): readonly Entry[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - (this.#last - n)))
  }

  get unread(): Entry[] {
    return this.#entries.filter(({ reference }) => reference !== null)
  }
}
