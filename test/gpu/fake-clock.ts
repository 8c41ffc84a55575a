import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/gpu/clock.ts'

/** A clock that stands until a test moves it. What it times may do real work, in a database say, between two moves. */
export class FakeClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; callback: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** When the next timer falls due, ms from now; null where none is set. */
  get next(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...[...this.#timers].map(({ at }) => at)) - this.#now
  }

  /** Moves on, and calls back what falls due on the way, in its order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!due) break
      this.#now = due.at
      this.#timers.delete(due)
      due.callback()
    }
    this.#now = end
  }

  /** Moves on in steps, with time for real work between them, until the condition holds. @returns how far it moved, ms. */
  async until(condition: () => boolean | Promise<boolean>, { stepMs = 500, mostMs = 600_000 } = {}): Promise<number> {
    const began = this.#now
    while (!(await condition())) {
      assert.ok(this.#now - began < mostMs, `${mostMs} ms of the clock went by`)
      this.advance(stepMs)
      await sleep(2)
    }
    return this.#now - began
  }
}
