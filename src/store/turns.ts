/** How long the event loop may be busy with such work before whatever else waits for it gets a turn, ms. */
const sliceMs = 15

/**
 * Work that comes in bursts, such as an event for thousands of listeners or thousands of requests at once, done in slices of
 * the event loop: in the order in which it came, `sliceMs` at a time, with a turn of the loop between two slices. What comes
 * alone is done at once.
 */
export class Turns {
  readonly #sliceMs: number
  readonly #waiting: { work: () => void; since: number }[] = []
  /** Index of the first that waits: taking it from the array each time would move all the others. */
  #first = 0
  /** A slice is under way or about to begin. */
  #busy = false
  #until = 0

  constructor(ms = sliceMs) {
    this.#sliceMs = ms
  }

  /** How long the first in line has waited, ms; 0 where nobody waits. */
  get behindMs(): number {
    const first = this.#waiting[this.#first]
    return first ? performance.now() - first.since : 0
  }

  /**
   * Calls `work` now, or in a later turn of the loop where something came before it in this one: what follows from that, in
   * promises and sockets, is still to be done, and can take longer than is known yet. `work` must not throw.
   */
  run(work: () => void): void {
    if (this.#busy) {
      this.#waiting.push({ work, since: performance.now() })
      return
    }
    this.#busy = true
    setImmediate(this.#begin)
    work()
  }

  /** Resolves when it is the caller's turn; null where that is now, so that a lone caller pays nothing. */
  take(): Promise<void> | null {
    let mine = false
    let resolve = () => {
      mine = true
    }
    this.run(() => resolve())
    return mine ? null : new Promise((granted) => (resolve = granted))
  }

  readonly #begin = (): void => {
    if (this.#waiting.length === 0) {
      this.#busy = false
      return
    }
    this.#until = performance.now() + this.#sliceMs
    this.#next()
  }

  readonly #next = (): void => {
    const next = this.#waiting[this.#first]
    if (!next || performance.now() >= this.#until) {
      this.#waiting.splice(0, this.#first)
      this.#first = 0
      setImmediate(this.#begin)
      return
    }
    this.#first++
    next.work()
    // After all that follows from it, such as what promises carry on with and what sockets write: that is part of the work.
    queueMicrotask(() => process.nextTick(this.#next))
  }
}

/** Of this process: it has one event loop. */
export const turns = new Turns()
