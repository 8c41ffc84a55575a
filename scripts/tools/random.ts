import { seededRandom } from '../../src/gpu/timing/median-interval.ts'

/** Seeded draws: the same seed gives the same networks on every machine. */
export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** An integer from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.#next() * n)
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** A factor with two decimals, so that Python reads the same number. */
  factor(least: number, most: number): number {
    return this.between(Math.round(least * 100), Math.round(most * 100)) / 100
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  flip(): boolean {
    return this.below(2) === 1
  }
}
